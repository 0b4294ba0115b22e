"""What the room of extensions offers, and to whom."""

from entrepot.accounts.permission import MANAGE
from entrepot.catalog import paper
from entrepot.integration import extension, extension_paper, installation, instance, schedule, schedule_run
from entrepot.integration.category import CATEGORY
from entrepot.integration.extension import EXTENSION
from entrepot.integration.extension_paper import DOCUMENT, MEDIA, TERMS, VARIANT
from entrepot.integration.extension_token import TOKEN
from entrepot.integration.installation import EVERY, INSTALLATION
from entrepot.integration.instance import INSTANCE
from entrepot.integration.publication import ACTIONS
from entrepot.integration.schedule import SCHEDULE
from entrepot.kernel import plain
from entrepot.kernel.file import pictured
from entrepot.kernel.resource import Action, Resource, create, remove, update
from entrepot.notifications import fault

NOUNS = (EXTENSION, CATEGORY, DOCUMENT, MEDIA, TERMS, VARIANT, INSTANCE, INSTALLATION, SCHEDULE)

TRADE = "vendor operations"

EXPIRATION = Action("expire", installation.expire, by="kernel")
"""What the clock brings about: it has no address."""

MISSING = Action("miss", installation.miss, by="kernel")
LOSING = Action("lose", instance.lose, by="kernel", loads=instance.running)
"""What comes of calling an extension: neither has an address."""

FIRING = Action("fire", schedule.fire, by="kernel")
"""What the clock brings about as well."""

SCHEDULES = Resource(
    SCHEDULE,
    actions=(
        Action("run", schedule_run.run, by=TRADE, loads=schedule_run.needs, takes=(schedule_run.FOR,), alone=True),
        FIRING,
    ),
    reads=frozenset(TRADE.split()),
    lists=frozenset(TRADE.split()),
    summary="What extensions do by the clock: when they did last, and when they will next.",
)

INSTALLATIONS = Resource(
    INSTALLATION,
    create=create(installation.create, by=EVERY, loads=installation.for_new, takes=(installation.ACCOUNT_NAMED,)),
    update=update(installation.update, by=EVERY, loads=installation.beside),
    remove=remove(installation.uninstall, moves="uninstall"),
    actions=(
        Action("redeem", installation.redeem, moves="redeem", loads=installation.beside, takes=(installation.CODE,)),
        Action("token", installation.token, by="vendor", loads=installation.beside, gives=TOKEN, alone=True),
        Action("fault", installation.make_fault, by=TRADE, takes=fault.TAKES, alone=True),
        EXPIRATION,
    ),
    summary="Which accounts an extension may act for, and within which modules.",
)

EXTENSIONS = Resource(
    EXTENSION,
    create=create(
        extension.create, by="vendor", loads=extension.beside, takes_file=pictured("extension"), needs=MANAGE
    ),
    update=update(extension.update, by=TRADE, loads=extension.beside, takes_file=pictured("extension")),
    remove=remove(extension.delete, moves="delete", loads=extension.in_use),
    actions=(
        Action("publish", plain.step("publish"), moves="publish"),
        Action("unpublish", plain.step("unpublish"), moves="unpublish"),
        Action("regenerate", extension.regenerate, by="vendor", loads=extension.beside, needs=MANAGE),
        Action("token", extension.token, by="vendor", loads=extension.with_account, gives=TOKEN, alone=True),
    ),
    picture="icon",
    summary="Programs of vendors beside the platform, which act for the accounts that install them.",
)

OFFERS = (
    EXTENSIONS,
    Resource(
        CATEGORY,
        create=create(plain.create(CATEGORY), by="operations"),
        update=update(plain.update, by="operations"),
        remove=remove(plain.remove, moves="delete"),
        actions=(
            Action("activate", plain.step("activate"), moves="activate"),
            Action("deactivate", plain.step("deactivate"), moves="deactivate"),
        ),
        summary="How extensions are grouped where they are chosen.",
    ),
    Resource(
        DOCUMENT,
        create=create(
            extension_paper.create_document,
            by="vendor",
            loads=extension_paper.of_extension,
            takes=(paper.DOCUMENT_ALIAS,),
            takes_file=paper.DOCUMENT_UPLOAD,
        ),
        update=update(extension_paper.update_document, by="vendor"),
        remove=remove(plain.remove, moves="delete"),
        actions=ACTIONS,
        summary="What an extension gives to read.",
    ),
    Resource(
        MEDIA,
        create=create(
            extension_paper.create_media,
            by="vendor",
            loads=extension_paper.of_extension,
            takes=(paper.MEDIA_ALIAS,),
            takes_file=paper.MEDIA_UPLOAD,
        ),
        update=update(extension_paper.update_media, by="vendor"),
        remove=remove(plain.remove, moves="delete"),
        actions=(
            *ACTIONS,
            Action(
                "image",
                extension_paper.show,
                by="vendor",
                method="PUT",
                takes_file=extension_paper.PICTURED,
                alone=True,
            ),
        ),
        picture="image",
        summary="Pictures and films that show an extension.",
    ),
    Resource(
        TERMS,
        create=create(extension_paper.create_terms, by="vendor", loads=extension_paper.of_extension),
        update=update(plain.update, by="vendor"),
        remove=remove(plain.remove, moves="delete"),
        actions=ACTIONS,
        summary="What an account agrees to when it installs an extension.",
    ),
    Resource(
        VARIANT,
        create=create(
            extension_paper.create_variant,
            by="vendor",
            loads=extension_paper.of_terms,
            takes_file=paper.VARIANT_UPLOAD,
        ),
        update=update(extension_paper.update_variant, by=TRADE),
        remove=remove(plain.remove, moves="delete"),
        actions=ACTIONS,
        summary="One text of an extension's terms for each language.",
    ),
    Resource(
        INSTANCE,
        create=create(instance.register, by=TRADE, loads=instance.needs),
        reads=frozenset(("vendor", "operations")),
        summary="Extensions as they run: where they are reached, and which events they want.",
    ),
    SCHEDULES,
    INSTALLATIONS,
    Resource(
        INSTALLATION,
        path="integration/extensions/{extension}/installations",
        by="extension_id",
        summary="Which accounts an extension may act for.",
    ),
)
