"""What must hold of what is stored, beyond what follows from the declarations: an explicit sum over the rooms."""

from entrepot.commerce.checks import CHECKS as COMMERCE

CHECKS = COMMERCE
