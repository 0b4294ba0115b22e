"""What an agent may look up about orders: states, terms, faults, and how common jobs are done."""

import re
from dataclasses import dataclass

from entrepot.mcp.pax8_prompts import PROMPTS

FOUND_MAX = 5


@dataclass(frozen=True, slots=True)
class Article:
    """A short text about one thing."""

    title: str
    text: str


ARTICLES = (
    Article(
        "Order states",
        "PendingApproval: the company ordered by itself, and the partner approves or refuses. Submitted: nothing is "
        "placed yet, the order may be cancelled; it waits for its provisionStartDate. Processing: some part is open. "
        "PendingManual: some part waits for a person at the vendor; the line's statusReason says for what. Completed: "
        "all parts are done, each line that recurs has its subscriptionId. Failed: all parts are over and one failed; "
        "order it anew once the reason is mended. Cancelled: refused or cancelled before anything was placed.",
    ),
    Article(
        "Billing terms, commitments and seat changes",
        "Monthly: seats may be added and taken away at any time. Annual (12 months) and 3-Year, also called Triennial "
        "(36 months): seats may be added at any time, and taken away at renewal or within the vendor's window after "
        "the start. What holds for a product stands in the dependencies that "
        "pax8-get-product-ordering-requirements gives; prices by term in pax8-get-product-pricing-by-uuid.",
    ),
    Article(
        "Subscription states",
        "Active: held and paid for. PendingCancel: its end is asked for. Cancelled: over for good. A subscription "
        "appears once its order's line is Completed.",
    ),
    Article(
        "Before an order is placed",
        "Check with pax8-get-product-by-uuid that the product is active, that minQuantity and maxQuantity hold, and "
        "that the term is among billingTermOptions; with pax8-get-product-ordering-requirements what has to be said. "
        "Orders are placed, approved and cancelled by people or over REST; these tools only read.",
    ),
    Article(
        "Faults",
        "Order not found: verify the order UUID with pax8-list-orders. No orders found: the company has none, or the "
        "company UUID is wrong. Rate limited: wait as long as the answer says.",
    ),
    *(Article(each.title, each.text) for each in PROMPTS),
)


def found(question: str) -> list[Article]:
    """The articles in which most words of the question stand, those first that have more of them in the title."""
    words = {each for each in re.findall(r"[a-z0-9-]{3,}", question.lower())}
    ranked = [(_weight(each, words), at, each) for at, each in enumerate(ARTICLES)]
    return [each for weight, _, each in sorted(ranked, key=lambda one: (-one[0], one[1])) if weight][:FOUND_MAX]


def _weight(article: Article, words: set[str]) -> int:
    title, text = article.title.lower(), article.text.lower()
    return sum(3 * (word in title) + (word in text) for word in words)
