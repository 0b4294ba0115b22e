"""What the room of programs offers, and to whom."""

from entrepot.kernel.resource import Resource
from entrepot.program.certificate import CERTIFICATE
from entrepot.program.program import PROGRAM

NOUNS = (PROGRAM, CERTIFICATE)

OFFERS = (
    Resource(PROGRAM, summary="Partner programmes of vendors."),
    Resource(CERTIFICATE, summary="Who was admitted to a programme."),
)
