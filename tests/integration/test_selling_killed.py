"""Server, workers and the vendor's extension are killed while it fulfils orders, and each is started again."""

from entrepot.storage.embedded import Embedded
from tests.integration.selling import Sale
from tests.serving import copied


def test_every_order_comes_to_what_its_vendor_meant_whoever_is_killed(cluster: Embedded, template: str):
    with copied(cluster, template) as database:
        sale = Sale(database, orders=12, kills=4, pace_s=0.5).run()
    assert sale.wrong == []
    assert len(sale.meant) == 12 and sale.events > 48
    assert sum(sale.killed.values()) == 4
