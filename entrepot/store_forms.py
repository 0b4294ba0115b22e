"""How everything stands in a world file, in the order in which it is filled: an explicit sum over the rooms."""

from entrepot.accounts import store_form as accounts
from entrepot.audit import store_form as audit
from entrepot.catalog import store_form as catalog
from entrepot.commerce import store_form as commerce
from entrepot.integration import store_form as integration
from entrepot.notifications import store_form as notifications
from entrepot.program import store_form as program
from entrepot.system import store_form as system

FORMS = (
    accounts.FORMS
    + catalog.FORMS
    + program.FORMS
    + notifications.FORMS
    + commerce.FORMS
    + system.FORMS
    + integration.FORMS
    + audit.FORMS
)
