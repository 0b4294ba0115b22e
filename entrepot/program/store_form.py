"""What a world file may leave out about programs and certificates."""

from entrepot.accounts.licensee import LICENSEE
from entrepot.kernel.store_form import Form, World, inherit
from entrepot.kernel.thing import Thing
from entrepot.program.certificate import CERTIFICATE
from entrepot.program.program import PROGRAM


def _certificate(certificate: Thing, world: World) -> None:
    inherit(certificate, world.one(PROGRAM.path, certificate.program_id), "vendor_id", "applicable_to")
    inherit(certificate, world.one(LICENSEE.path, certificate.licensee_id), "buyer_id", client_id="account_id")


FORMS = (
    Form(PROGRAM, needs=("vendor",), keeps=True),
    Form(CERTIFICATE, _certificate, needs=("program",)),
)
