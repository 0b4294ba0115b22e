"""The model in `make test`: 300 random steps of everybody over HTTP, the same ones in every run."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.market import more_items
from tests.model.marketplace import Marketplace
from tests.serving import Served

RUNS, STEPS = 6, 50


def test_the_marketplace_does_what_the_model_says(served: Served) -> None:
    served.load(more_items())
    Marketplace.served = served
    Marketplace.steps = 0
    run_state_machine_as_test(
        Marketplace,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate],  # `make model` shrinks what it finds; here it would hold everybody up
            suppress_health_check=(*HealthCheck,),
        ),
    )
    assert Marketplace.steps >= RUNS * STEPS * 0.9
