"""Everything that the platform is made of, and all that it offers: an explicit sum over the rooms."""

import entrepot.accounts.api as accounts
import entrepot.audit.api as audit
import entrepot.catalog.api as catalog
import entrepot.commerce.api as commerce
import entrepot.integration.api as integration
import entrepot.notifications.api as notifications
import entrepot.program.api as program
import entrepot.system.api as system
from entrepot.kernel.identity import IDENTITY

NOUNS = (
    IDENTITY,
    *accounts.NOUNS,
    *catalog.NOUNS,
    *program.NOUNS,
    *notifications.NOUNS,
    *commerce.NOUNS,
    *system.NOUNS,
    *integration.NOUNS,
    *audit.NOUNS,
)

OFFERS = (
    accounts.OFFERS
    + catalog.OFFERS
    + program.OFFERS
    + notifications.OFFERS
    + commerce.OFFERS
    + system.OFFERS
    + integration.OFFERS
    + audit.OFFERS
)
