"""A product as one licensee can buy it: the parties, the currency, and what it costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from entrepot.demo.customers import Licensee
from entrepot.demo.prices import line_price, total
from entrepot.demo.product import Item, Product
from entrepot.demo.selling import POLICY, POLICY_MARKUP, Offer, has_policy
from entrepot.demo.world_file import Line, ref


@dataclass(frozen=True)
class Deal:
    """An offer, and who takes it."""

    offer: Offer
    licensee: Licensee

    @property
    def product(self) -> Product:
        """What is bought."""
        return self.offer.product

    @property
    def has_policy(self) -> bool:
        """Whether the client has a markup of its own."""
        return has_policy(self.product, self.licensee)

    @property
    def default_markup(self) -> Decimal:
        """What the distributor puts on top where nothing else is said, in percent."""
        return POLICY_MARKUP if self.has_policy else self.product.default_markup

    def parties(self) -> Line:
        """Everyone and everything that an agreement refers to."""
        return {
            "listing": ref(self.offer.listing),
            "authorization": ref(self.offer.authorization),
            "product": ref(self.product.id),
            "vendor": ref(self.product.vendor),
            "client": ref(self.licensee.buyer.account),
            "licensee": ref(self.licensee.id),
            "buyer": ref(self.licensee.buyer.id),
            "seller": ref(self.licensee.seller.id),
        }

    def price(self, item: Item, quantity: int) -> Line:
        """What a line with that many costs, and where the markup comes from."""
        bought = item.prices[self.offer.currency]
        markup = POLICY_MARKUP if self.has_policy else bought.markup
        source = ("PricingPolicy", POLICY) if self.has_policy else ("PriceList", self.offer.price_list)
        return {
            **line_price(self.offer.currency, bought.purchase, markup, item.terms.period, quantity),
            "markupSource": {"type": source[0], "ref": ref(source[1])},
        }

    def total(self, prices: Iterable[Line], only: tuple[str, ...] = ()) -> Line:
        """The sum of lines; `only` names what it is made of, as an agreement counts no one-time amount."""
        counted = [{name: price[name] for name in only or price if name in price} for price in prices]
        return {**total(self.offer.currency, counted), "defaultMarkup": self.default_markup}
