"""Many write items of one product at the same time: each gets its own number, and none is refused."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.party import Api, ok
from tests.serving import Reply
from tests.world import PRODUCT, refer

WRITERS, EACH = 4, 60


def body(number: object) -> dict[str, object]:
    return {
        "name": f"Plan {number}", "product": refer(PRODUCT), "group": refer("IGR-5001-0001-0001"),
        "unit": refer("UNT-1001"), "externalIds": {"vendor": f"AT-ONCE-{number}"},
        "terms": {"model": "quantity", "period": "1m", "commitment": "1y"},
    }  # fmt: skip


def test_writers_of_one_product_are_not_refused(api: Api) -> None:
    def write(writer: int) -> list[Reply]:
        return [api("vendor").post("/catalog/items", body(f"{writer}-{number}")) for number in range(EACH)]

    with ThreadPoolExecutor(WRITERS) as threads:
        replies = [reply for several in threads.map(write, range(WRITERS)) for reply in several]
    assert Counter(reply.status for reply in replies) == {201: WRITERS * EACH}
    assert len({reply.json["id"] for reply in replies}) == WRITERS * EACH


def test_what_is_refused_takes_no_number(api: Api) -> None:
    product = ok(api("vendor").post("/catalog/products", {"name": "Numbered"}))["id"]
    path = f"/catalog/products/{product}/item-groups"
    for number in range(1, 4):
        assert api("vendor").post(path, {"name": "Plans", "label": 5}).status == 400
        made = ok(api("vendor").post(path, {"name": "Plans", "label": "Plans"}))["id"]
        assert re.fullmatch(rf"IGR-{product[4:]}-{number:04}", made)
