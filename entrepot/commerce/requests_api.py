"""What is offered about requests, with their messages and attachments: small, and apart from what orders are."""

from collections.abc import Callable

from entrepot.commerce import request, request_attachment, request_message
from entrepot.commerce.attachment import ATTACHED
from entrepot.commerce.request import REQUEST
from entrepot.commerce.request_attachment import REQUEST_ATTACHMENT
from entrepot.commerce.request_message import REQUEST_MESSAGE
from entrepot.kernel.resource import Action, Resource, Text, create, remove, update
from entrepot.notifications import validation

EVERYBODY = "client vendor operations"

NOUNS = (REQUEST, REQUEST_MESSAGE, REQUEST_ATTACHMENT)


def _step(name: str, run: Callable[..., object], moves: str) -> Action:
    """A move of a request, with words for the others if one likes."""
    return Action(name, run, moves=moves, loads=request.beside, answers=204, takes=(request.SAID,), alone=True)


VALIDATION = Action(
    "validate", request.validate, by=EVERYBODY, loads=request.beside, alone=True, gives=request.VALIDATED
)

OFFERS = (
    Resource(
        REQUEST,
        create=create(
            request.create,
            by="client operations",
            loads=request.to_begin,
            takes=(request.BEGINS, request.ADDRESSED),
        ),
        update=update(request.update, by="vendor operations", loads=request.to_change),
        actions=(
            VALIDATION,
            validation.NOTE,
            _step("process", request.process, "place resume"),
            _step("query", request.ask, "ask"),
            _step("complete", request.complete, "complete"),
        ),
        texts=(Text("template", request.told, request.beside),),
        summary="What clients ask of vendors or operations that is no order.",
    ),
    Resource(
        REQUEST_MESSAGE,
        create=create(request_message.create, by=EVERYBODY, loads=request.with_request),
        summary="What is said on a request, to those whom it is meant for.",
    ),
    Resource(
        REQUEST_ATTACHMENT,
        create=create(request_attachment.create, by=EVERYBODY, loads=request.with_request, takes_file=ATTACHED),
        update=update(request_attachment.update, by=EVERYBODY),
        remove=remove(request_attachment.delete, by=EVERYBODY),
        summary="Documents that a party leaves on a request for the others.",
    ),
)
