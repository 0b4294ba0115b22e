"""What the room of accounts offers, and to whom.

Buyers, licensees and sellers are read by vendors too: their extensions look up the parties of their
agreements (commerce spec 6), and the buyers and licensees that they see are just those.
"""

from entrepot.accounts import (
    account_change,
    buyer,
    buyer_synchronization,
    buyer_transfer,
    cloud_tenant,
    erp_link,
    licensee_change,
    licensee_contact,
    people_api,
    seller,
)
from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.buyer_transfer import BUYER_TRANSFER, TAKER
from entrepot.accounts.cloud_tenant import CLOUD_TENANT, TENANT_STATUS
from entrepot.accounts.erp_link import ERP_LINK
from entrepot.accounts.licensee import LICENSEE
from entrepot.accounts.licensee_contact import LICENSEE_CONTACT
from entrepot.accounts.module import MODULE
from entrepot.accounts.seller import SELLER
from entrepot.kernel import plain
from entrepot.kernel.file import pictured
from entrepot.kernel.resource import Action, Resource, create, remove, update

NOUNS = (
    ACCOUNT,
    BUYER,
    BUYER_TRANSFER,
    SELLER,
    ERP_LINK,
    CLOUD_TENANT,
    LICENSEE,
    LICENSEE_CONTACT,
    *people_api.NOUNS,
    MODULE,
)

BOTH = "client operations"

VALIDATION = Action("validate", account_change.validate, by="operations", kept=False)

OFFERS = (
    Resource(
        ACCOUNT,
        create=create(
            account_change.create,
            by="operations",
            loads=account_change.for_new,
            takes_file=pictured("account", "logo"),
        ),
        update=update(account_change.update, by="client vendor operations", takes_file=pictured("account", "logo")),
        actions=(
            Action("activate", account_change.activate, moves="activate"),
            Action("deactivate", account_change.deactivate, moves="deactivate"),
            Action("disable", account_change.disable, moves="disable"),
            Action("enable", account_change.enable, moves="enable reinstate"),
            VALIDATION,
        ),
        picture="icon",
        summary="Parties to the marketplace: clients, vendors and the distributor.",
    ),
    Resource(
        BUYER,
        create=create(
            buyer.create,
            by="operations",
            loads=buyer.for_new,
            takes=(buyer.STATUS,),
            takes_file=pictured("buyer", "logo"),
        ),
        update=update(
            buyer_synchronization.update,
            by=BOTH,
            loads=buyer_synchronization.links,
            takes_file=pictured("buyer", "logo"),
        ),
        remove=remove(plain.remove, moves="delete"),
        actions=(
            Action("activate", buyer.activate, by="operations"),
            Action("deactivate", buyer.deactivate, moves="deactivate"),
            Action("disable", buyer.disable, moves="disable"),
            Action("enable", buyer.enable, moves="enable"),
            Action("validate", buyer.validate, by="operations", kept=False),
            Action(
                "synchronize",
                buyer_synchronization.synchronize,
                by="operations",
                loads=buyer_synchronization.books,
            ),
            Action("transfer", buyer_transfer.transfer, by="operations", loads=buyer_transfer.beside, takes=(TAKER,)),
        ),
        picture="icon",
        summary="Companies of a client that pay.",
    ),
    Resource(
        BUYER_TRANSFER,
        reads=frozenset(BOTH.split()),
        summary="What goes along with a buyer that goes to another account, counted.",
    ),
    Resource(
        SELLER,
        create=create(seller.create, by="operations", loads=seller.namesakes, takes_file=pictured("seller", "logo")),
        update=update(seller.update, by="operations", loads=seller.namesakes, takes_file=pictured("seller", "logo")),
        remove=remove(plain.remove, moves="delete"),
        actions=(
            Action("activate", plain.step("activate"), moves="activate"),
            Action("deactivate", plain.step("deactivate"), moves="deactivate"),
            Action("disable", plain.step("disable"), moves="disable"),
        ),
        picture="icon",
        summary="Companies of the distributor that sell.",
    ),
    Resource(
        ERP_LINK,
        create=create(erp_link.create, by="operations", loads=erp_link.for_new),
        update=update(erp_link.update, by="operations", loads=erp_link.linked, takes_file=pictured("erpLink", "logo")),
        actions=(
            Action("block", erp_link.block, moves="block", loads=erp_link.beside),
            Action("unblock", erp_link.unblock, moves="unblock", loads=erp_link.beside),
        ),
        reads=frozenset(BOTH.split()),
        lists=frozenset(BOTH.split()),
        picture="icon",
        summary="Which buyers are known to the books of which sellers: licensees order while they are.",
    ),
    Resource(
        CLOUD_TENANT,
        create=create(cloud_tenant.create, by="operations", takes=(TENANT_STATUS,)),
        update=update(cloud_tenant.update, by="operations", takes=(TENANT_STATUS,)),
        remove=remove(plain.remove, moves="delete"),
        reads=frozenset(("operations",)),
        lists=frozenset(("operations",)),
        summary="Tenancies of customers at large clouds, as the distributor keeps track of them.",
    ),
    Resource(
        LICENSEE,
        create=create(
            licensee_change.create,
            by=BOTH,
            loads=licensee_change.for_new,
            takes_file=pictured("licensee", "logo"),
        ),
        update=update(licensee_change.update, by=BOTH, takes_file=pictured("licensee", "logo")),
        remove=remove(licensee_change.delete, moves="delete"),
        actions=(
            Action("disable", licensee_change.disable, moves="disable"),
            Action("enable", licensee_change.enable, moves="enable reinstate", loads=licensee_change.beside),
        ),
        picture="icon",
        summary="Companies of a client that use what was bought, each served by one seller.",
    ),
    Resource(
        LICENSEE_CONTACT,
        create=create(licensee_contact.create, by=BOTH, loads=licensee_contact.beside),
        update=update(licensee_contact.update, by=BOTH, loads=licensee_contact.beside),
        remove=remove(licensee_contact.delete, by=BOTH),
        reads=frozenset(BOTH.split()),
        lists=frozenset(BOTH.split()),
        summary="People at a licensee, and what they are asked about.",
    ),
    *people_api.OFFERS,
    Resource(MODULE, lists=frozenset(("operations",)), summary="Parts of the platform that a token may be opened for."),
)
