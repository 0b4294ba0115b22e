"""What a world file may leave out about extensions, and how it carries their keys."""

from entrepot.integration.category import CATEGORY
from entrepot.integration.extension import EXTENSION
from entrepot.integration.extension_paper import DOCUMENT, MEDIA, TERMS, VARIANT
from entrepot.integration.installation import EXPIRE, INSTALLATION, until
from entrepot.integration.instance import INSTANCE
from entrepot.integration.schedule import FIRE, SCHEDULE
from entrepot.kernel.store_form import Form, World, inherit
from entrepot.kernel.thing import Thing


def _extension(extension: Thing, world: World) -> None:
    """The key comes in as it is, or as the hash that a dump holds."""
    service = world.given(extension).get("service")
    secret = service.get("secret") if isinstance(service, dict) else None
    if isinstance(secret, str) and secret and extension.secret_hash is None:
        extension.secret_hash = world.digest(secret)
    elif secret is not None and not isinstance(secret, str):
        world.fault(extension, "service.secret", "A text was expected.")
    if extension.address is None:
        extension.address = extension.service_url


def _of_extension(thing: Thing, world: World) -> None:
    inherit(thing, world.one(EXTENSION.path, thing.extension_id), "vendor_id")


def _variant(variant: Thing, world: World) -> None:
    inherit(variant, world.one(TERMS.path, variant.term_id), "vendor_id")


def _instance(instance: Thing, world: World) -> None:
    _of_extension(instance, world)
    instance.name = instance.name or instance.external_id


def _schedule(schedule: Thing, world: World) -> None:
    _of_extension(schedule, world)
    schedule.name = schedule.name or schedule.external_id
    if schedule.next_run is not None:
        world.due(FIRE, schedule, schedule.next_run)


def _installation(installation: Thing, world: World) -> None:
    extension = world.one(EXTENSION.path, installation.extension_id)
    inherit(installation, extension, "vendor_id", "name")
    if installation.status == "Invited":
        since = installation.audit_invited_at or installation.audit_created_at or world.now
        world.due(EXPIRE, installation, until(installation, since))


FORMS = (
    Form(CATEGORY),
    Form(EXTENSION, _extension, needs=("vendor",), keeps=True),
    Form(DOCUMENT, _of_extension),
    Form(MEDIA, _of_extension),
    Form(TERMS, _of_extension, keeps=True),
    Form(VARIANT, _variant),
    Form(INSTANCE, _instance, needs=("externalId",)),
    Form(SCHEDULE, _schedule, needs=("extension", "externalId", "cron", "path")),
    Form(INSTALLATION, _installation, needs=("extension", "account")),
)
