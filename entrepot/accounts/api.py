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
    Resource(ACCOUNT),
    Resource(BUYER),
    Resource(SELLER),
    Resource(LICENSEE),
    Resource(USER),
    Resource(USER_GROUP),
    Resource(API_TOKEN),
    Resource(MODULE, lists=frozenset(("operations",))),
)
