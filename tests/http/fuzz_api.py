"""Requests made from the API's own document, hostile ones too, and chains along its links (schemathesis).

    make fuzz-api ARGS="--examples 2000 --steps 5000"      # hours, a world of its own
    make fuzz-api ARGS="--only commerce_orders"            # operations by name

Every answer must have a status that is described, look as it is described, and never be a fault of ours. The ids of
the world are dealt out, and each request is made by one of the actors: else nearly everything would be 404.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as of_openapi

from tests.access.crowd import lines
from tests.conforming import ROUTES
from tests.purchases import completed, draft, failed, placed, queried
from tests.serving import FAULTS, Served, token_of

CHECKS: list[Any] = [
    not_a_server_error,
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_schema_conformance,
    of_openapi.response_headers_conformance,
]
WHO = ("client", "vendor", "operations", "restricted", "other vendor")
DRY = 0.2
"""The share of writes that are only tried."""


@dataclass
class Fuzzed:
    """A served world with something in it, and what was asked of it."""

    served: Served
    ids: dict[str, list[str]] = field(default_factory=dict)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.served.load(lines())
        completed(self.served), queried(self.served), failed(self.served), placed(self.served), draft(self.served)
        for route in ROUTES:
            if route.door == "search" and "{" not in route.path:
                found = self.served.call("operations", "GET", f"{route.path}?select=-*,id&limit=40&order=-id")
                self.ids[route.path] = [each["id"] for each in found.json["data"]] if found.status == 200 else []
        document = requests.get(f"{self.served.url}/public/v1/openapi.json", timeout=30).json()
        self.schema = schemathesis.openapi.from_dict(document)
        self.schema.config.update(base_url=self.served.url)

    def ask(self, case: Any, deal: random.Random) -> None:
        """Makes the request as somebody, with ids that mostly are there, and looks at the answer."""
        for name in case.path_parameters or {}:
            known = self._known(case.operation.path, name)
            if known and deal.random() < 0.85:
                case.path_parameters[name] = deal.choice(known)
        headers = {"Authorization": f"Bearer {token_of(deal.choice(WHO))}"}
        if case.method != "GET" and deal.random() < DRY:
            headers["Prefer"] = "dry-run"
        answer = case.call(session=self.session, headers=headers, timeout=30)
        self.statuses[case.operation.definition.raw["operationId"], answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    def _known(self, path: str, name: str) -> list[str]:
        """Ids that may stand at a place of an address."""
        collection = path.removeprefix("/public/v1").partition("/{" + name)[0]
        return self.ids.get(collection) or []


def each_operation(fuzzed: Fuzzed, examples: int, seed: int, only: str = "") -> list[str]:
    """Asks every operation with made-up requests. Gives what went wrong."""
    found: list[str] = []
    for result in fuzzed.schema.get_all_operations():
        operation = result.ok()
        if only not in operation.definition.raw["operationId"]:
            continue
        found += _faults(_asking(fuzzed, operation, examples, seed), operation.label)
    return found


def _asking(fuzzed: Fuzzed, operation: Any, examples: int, seed: int) -> Callable[[], object]:
    deal = random.Random(seed)

    @hypothesis.seed(seed)
    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @hypothesis.given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        fuzzed.ask(case, deal)

    return ask


def along_links(fuzzed: Fuzzed, chains: int, steps: int, seed: int, room: str = "") -> list[str]:
    """Follows the links of the document: from lists and new things to the things themselves and on."""
    deal = random.Random(seed)
    machine: Any = fuzzed.schema.include(path_regex=f"^/public/v1/{room}").as_state_machine()

    class Linked(machine):
        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            fuzzed.statuses[case.operation.definition.raw["operationId"], response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {token_of(deal.choice(WHO))}"}, "timeout": 30}

    limits = settings(max_examples=chains, stateful_step_count=steps, deadline=None, database=None,
                      phases=[Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip
    return _faults(lambda: run_state_machine_as_test(hypothesis.seed(seed)(Linked), settings=limits), "links")


def _faults(run: Callable[[], object], what: str) -> list[str]:
    FAULTS.clear()
    try:
        run()
    except Exception as fault:
        return [f"{what}: {fault}"[:4000], *FAULTS[:1]]
    return [f"{what}: {each}" for each in FAULTS[:1]]


def main() -> int:
    """The long campaign. Exit 1 with what was found."""
    parser = argparse.ArgumentParser(prog="make fuzz-api", description=__doc__)
    parser.add_argument("--examples", type=int, default=500, help="requests for each operation")
    parser.add_argument("--chains", type=int, default=500, help="chains along the links")
    parser.add_argument("--steps", type=int, default=10, help="requests in a chain, at most")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--only", default="", help="a part of the operations' names")
    asked = parser.parse_args()
    with world() as served:
        fuzzed = Fuzzed(served)
        found = each_operation(fuzzed, asked.examples, asked.seed, asked.only)
        found += along_links(fuzzed, asked.chains, asked.steps, asked.seed)
    total = sum(fuzzed.statuses.values())
    classes = Counter(status for (_, status), count in fuzzed.statuses.items() for _ in range(count))
    sys.stdout.write("\n\n".join([*found, f"seed {asked.seed}: {total} requests, {dict(sorted(classes.items()))}, "
                                          f"{len(found)} found\n"]))  # fmt: skip
    return 1 if found else 0


@contextmanager
def world() -> Iterator[Served]:
    """The small world on a database server of its own."""
    from entrepot.storage.embedded import start
    from tests.conftest import template as small_world
    from tests.serving import serving

    with tempfile.TemporaryDirectory() as folder:
        server = start(Path(folder) / "data", {"fsync": "off", "shared_buffers": "64MB"})
        try:
            with serving(server, small_world.__wrapped__(server)) as served:  # pyright: ignore[reportAttributeAccessIssue]
                yield served
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
