"""What the room of audit offers: records of what happened are made by that alone, and by programs of what they did."""

from entrepot.audit import program_record
from entrepot.audit.event import EVENT
from entrepot.audit.event_type import EVENT_TYPE
from entrepot.audit.record import RECORD
from entrepot.kernel import plain
from entrepot.kernel.resource import Resource, create, update

NOUNS = (RECORD, EVENT, EVENT_TYPE)

EVERYBODY = "client vendor operations"

OFFERS = (
    Resource(
        RECORD,
        create=create(
            program_record.create, by=EVERYBODY, loads=program_record.needs, takes=program_record.TAKES, alone=True
        ),
        summary="What happened: one record for each change, and for each further event.",
    ),
    Resource(EVENT_TYPE, update=update(plain.update, by="operations"), summary="What kinds of events there are."),
    Resource(EVENT, followed=True, lists_only=True, summary="What happened, in order, onwards from a cursor."),
)
