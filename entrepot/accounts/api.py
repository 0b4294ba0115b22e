"""What the room of accounts offers, and to whom.

Buyers, licensees and sellers are read by vendors too: their extensions look up the parties of their
agreements (commerce spec 6), and the buyers and licensees that they see are just those.
"""

from entrepot.accounts import buyer, licensee_change, licensee_contact
from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.api_token import API_TOKEN
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.licensee import LICENSEE
from entrepot.accounts.licensee_contact import LICENSEE_CONTACT
from entrepot.accounts.module import MODULE
from entrepot.accounts.seller import SELLER
from entrepot.accounts.user import USER
from entrepot.accounts.user_group import USER_GROUP
from entrepot.kernel.resource import Action, Resource, create, remove, update

NOUNS = (ACCOUNT, BUYER, SELLER, LICENSEE, LICENSEE_CONTACT, USER, USER_GROUP, API_TOKEN, MODULE)

BOTH = "client operations"

OFFERS = (
    Resource(ACCOUNT, summary="Parties to the marketplace: clients, vendors and the distributor."),
    Resource(
        BUYER,
        create=create(buyer.create, by="operations"),
        update=update(buyer.update, by=BOTH),
        actions=(
            Action("activate", buyer.activate, by="operations"),
            Action("disable", buyer.disable, moves="disable"),
            Action("enable", buyer.enable, moves="enable"),
        ),
        summary="Companies of a client that pay.",
    ),
    Resource(SELLER, summary="Companies of the distributor that sell."),
    Resource(
        LICENSEE,
        create=create(licensee_change.create, by=BOTH, loads=licensee_change.for_new),
        update=update(licensee_change.update, by=BOTH),
        remove=remove(licensee_change.delete, moves="delete"),
        actions=(
            Action("disable", licensee_change.disable, moves="disable"),
            Action("enable", licensee_change.enable, moves="enable reinstate", loads=licensee_change.beside),
        ),
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
    Resource(USER, summary="People who act for an account."),
    Resource(USER_GROUP, summary="Groups of users, held to some buyers or to none."),
    Resource(API_TOKEN, summary="Keys by which programs act for an account."),
    Resource(MODULE, lists=frozenset(("operations",)), summary="Parts of the platform that a token may be opened for."),
)
