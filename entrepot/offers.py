"""Everything that the platform is made of, and all that it offers: an explicit sum over the rooms."""

import entrepot.accounts.api as accounts
import entrepot.audit.api as audit
import entrepot.catalog.api as catalog
import entrepot.commerce.api as commerce
import entrepot.notifications.api as notifications
import entrepot.program.api as program
from entrepot.kernel.identity import IDENTITY

NOUNS = (
    IDENTITY,
    *accounts.NOUNS,
    *catalog.NOUNS,
    *program.NOUNS,
    *notifications.NOUNS,
    *commerce.NOUNS,
    *audit.NOUNS,
)

OFFERS = (
    accounts.OFFERS
    + catalog.OFFERS
    + program.OFFERS
    + notifications.OFFERS
    + commerce.OFFERS
    + audit.OFFERS
)
