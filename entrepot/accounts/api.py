"""What the room of accounts offers, and to whom.

Buyers, licensees and sellers are read by vendors too: their extensions look up the parties of their
agreements (commerce spec 6), and the buyers and licensees that they see are just those.
"""

from entrepot.accounts.account import ACCOUNT
from entrepot.accounts.api_token import API_TOKEN
from entrepot.accounts.buyer import BUYER
from entrepot.accounts.licensee import LICENSEE
from entrepot.accounts.module import MODULE
from entrepot.accounts.seller import SELLER
from entrepot.accounts.user import USER
from entrepot.accounts.user_group import USER_GROUP
from entrepot.kernel.resource import Resource

NOUNS = (ACCOUNT, BUYER, SELLER, LICENSEE, USER, USER_GROUP, API_TOKEN, MODULE)

OFFERS = (
    Resource(ACCOUNT, summary="Parties to the marketplace: clients, vendors and the distributor."),
    Resource(BUYER, summary="Companies of a client that pay."),
    Resource(SELLER, summary="Companies of the distributor that sell."),
    Resource(LICENSEE, summary="Companies of a client that use what was bought, each served by one seller."),
    Resource(USER, summary="People who act for an account."),
    Resource(USER_GROUP, summary="Groups of users, held to some buyers or to none."),
    Resource(API_TOKEN, summary="Keys by which programs act for an account."),
    Resource(MODULE, lists=frozenset(("operations",)), summary="Parts of the platform that a token may be opened for."),
)
