"""What the room of audit offers: records are read by everybody, and made by nobody but what happens."""

from entrepot.audit.record import RECORD
from entrepot.kernel.resource import Resource

NOUNS = (RECORD,)

OFFERS = (Resource(RECORD),)
