"""The four products of the demo world."""

from entrepot.demo.products.inkmarrow import INKMARROW
from entrepot.demo.products.mirrorvault import MIRRORVAULT
from entrepot.demo.products.sablegate import SABLEGATE
from entrepot.demo.products.tallybird import TALLYBIRD

PRODUCTS = (MIRRORVAULT, TALLYBIRD, SABLEGATE, INKMARROW)

__all__ = ["INKMARROW", "MIRRORVAULT", "PRODUCTS", "SABLEGATE", "TALLYBIRD"]
