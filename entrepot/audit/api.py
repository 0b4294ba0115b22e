"""What the room of audit offers: records are read and events followed by everybody, and made by what happens alone."""

from entrepot.audit.event import EVENT
from entrepot.audit.record import RECORD
from entrepot.kernel.resource import Resource

NOUNS = (RECORD, EVENT)

OFFERS = (
    Resource(RECORD, summary="What happened: one record for each change, and for each further event."),
    Resource(EVENT, followed=True, lists_only=True, summary="What happened, in order, onwards from a cursor."),
)
