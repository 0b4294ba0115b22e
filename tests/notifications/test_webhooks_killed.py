"""A server and two workers are killed while webhooks are sent, and each is started again."""

from entrepot.storage.embedded import Embedded
from tests.notifications.killing import Play, out_of_order
from tests.serving import copied


def test_every_event_arrives_in_order_whoever_is_killed(cluster: Embedded, template: str):
    with copied(cluster, template) as database:
        play = Play(database, orders=12, kills=3)
        box, events = play.run()
    assert len(play.written) == 12 and events >= 48
    assert out_of_order(box) == []
