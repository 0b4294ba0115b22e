"""The tools of `/pax8/mcp`: Pax8's names, parameters and words over the functions that answer its REST calls.

Source: the page on order management, and Pax8 spec 1.3. They read; what an agent would change, a person does.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from entrepot.kernel.access import Caller
from entrepot.kernel.doors import Doors
from entrepot.kernel.errors import Forbidden, Invalid, Missing, Refusal
from entrepot.kernel.resource import Resource
from entrepot.kernel.wire import encode
from entrepot.mcp import pax8_help
from entrepot.mcp.parameter import Arguments, Parameter
from entrepot.mcp.pax8_prompts import PROMPTS
from entrepot.mcp.tool import Said, Tool
from entrepot.pax8 import billing, company, order, product, subscription
from entrepot.pax8.content import Asked
from entrepot.pax8.errors import TooMany, envelope
from entrepot.pax8.limit import Limit
from entrepot.pax8.page import SIZE_MAX, Page
from entrepot.pax8.partner import Document, Partner, Uuids, not_found

SIZE = 50
"""How many a page has when nobody says; agents read more at a time than programs."""

WORDS_MAX = 5
FOUND_MAX = 50

INSTRUCTIONS = """\
Orders of cloud software for the companies that a partner (MSP) serves, in the words of Pax8. These tools only read.
Everything has a UUID: find a company's with pax8-list-companies (company_name), a product's with pax8-list-products.
Lists have `content` and `page`; `page.number` counts from 0, and the last page is page.totalPages - 1.
An order is PendingApproval (waits for the partner), Submitted (nothing placed yet), Processing, PendingManual (waits
for a person at the vendor), and in the end Completed, Failed or Cancelled. Completed, each line has a subscription.
The prompts of this server tell how common jobs are done."""

TERMS = ("monthly", "annual", "two-year", "three-year", "one-time", "trial", "activation")

PHRASES = {
    "status": "Invalid status filter",
    "billingTerm": "Invalid billingTerm",
    **dict.fromkeys(
        ("invoiceDate", "invoiceDateRangeStart", "invoiceDateRangeEnd", "dueDate", "usageDate"), "Invalid date format"
    ),
}
"""How a fault in a parameter is called; others are invalid parameters."""

Answers = Callable[[Partner, Arguments], Awaitable[Document]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One tool: what it is called and told, what answers, and the words for what it does not find."""

    name: str
    title: str
    description: str
    answers: Answers
    parameters: tuple[Parameter, ...]
    missing: str
    verify: str
    by: str = ""
    """The parameter that names the one thing that it gives; empty for a list."""


class Pax8:
    """The tools, the same for every partner."""

    name = "pax8-mcp-server"
    title = "Entrepot, in the words of Pax8"
    instructions = INSTRUCTIONS
    prompts = PROMPTS

    def __init__(self, doors: Doors, resources: Mapping[str, Resource], uuids: Uuids, limit: Limit):
        self._doors, self._resources, self._uuids, self._limit = doors, resources, uuids, limit
        self._tools = tuple(self._tool(each) for each in sorted(TOOLS, key=lambda each: each.name))

    def tools(self, caller: Caller) -> tuple[Tool, ...]:
        """All of them, sorted by name."""
        return self._tools

    def refused(self, refusal: Refusal, tool: str, trace_id: str) -> Said:
        """The envelope of REST, with what is wrong in its message."""
        if isinstance(refusal, TooMany):
            refusal = TooMany(f"Rate limited: Rate limit exceeded (429). Wait {refusal.headers['Retry-After']} s.")
        elif refusal.status == 400 and refusal.errors:
            told = [f"{_phrase(name)}: {name}: {' '.join(words)}" for name, words in refusal.errors.items()]
            refusal = Invalid(refusal.errors, " ".join(told))
        return Said(encode(envelope(refusal, f"/pax8/mcp/{tool[:100]}") | {"traceId": trace_id}), failed=True)

    def stranger(self) -> bytes:
        """What is said to somebody unknown."""
        words = "Missing x-pax8-mcp-token header, or a token that is not valid. Authorization: Bearer is taken too."
        return encode({"error": "unauthorized", "error_description": words, "message": words, "status": 401})

    def _tool(self, each: Reading) -> Tool:
        async def run(caller: Caller, told: Arguments) -> Said:
            if caller.actor != "client":
                raise Forbidden("Partners are the clients of this marketplace; this token is of another party.")
            if waits := self._limit.waits_s(caller.token_id):
                raise TooMany("Rate limit exceeded", headers={"Retry-After": str(waits)})
            try:
                found = await each.answers(Partner(caller, self._doors, self._resources, self._uuids), told)
            except Missing as missing:
                raise _reworded(missing, each, told) from missing
            self._limit.count(caller.token_id)
            nothing = told.get("companyId") and found.get("content") == []
            return Said(encode(found), remark=f"{each.missing}. {each.verify}" if nothing else "")

        return Tool(each.name, each.title, each.description, run, each.parameters)


def _phrase(name: str) -> str:
    return PHRASES.get(name, "Invalid parameter")


def _reworded(missing: Missing, each: Reading, told: Arguments) -> Missing:
    """In the words of the tool, if it is the one thing that it looks for; else with the words for what that is."""
    words = str(missing)
    about = told[each.by][:200] if each.by else None
    return Missing(f"{each.missing}: {_uuid_told(about) if about and about in words else words}. {each.verify}")


def _uuid_told(value: str) -> str:
    """The UUID as it came; said to be none where it is none."""
    plain = value.strip().lower().replace("-", "")
    is_one = len(plain) == 32 and all(each in "0123456789abcdef" for each in plain)
    return value[:200] if is_one else f"Invalid UUID {value[:200]}"


def _asked(told: Arguments, **others: object) -> Asked:
    """What was told, as REST reads its query."""
    return Asked({name: str(value) for name, value in {**told, **others}.items() if value is not None})


# What answers, where it is more than one function of REST ------------------------------------------


async def _find_product(partner: Partner, told: Arguments) -> Document:
    """Products by the exact number, or by name; an exact name goes before others."""
    if not (told["sku"] or told["productName"]):
        raise Invalid({"productName": ["It is required, or sku is."]})
    page = {"page": 0, "size": FOUND_MAX}
    if told["sku"]:
        found = await product.list_(partner, _asked({"search": told["sku"]}, **page))
        fits = [each for each in found["content"] if each["sku"].lower() == told["sku"].lower()]
    else:
        found = await product.list_(partner, _asked({"productName": told["productName"]}, **page))
        fits = sorted(found["content"], key=lambda each: each["name"].lower() != told["productName"].lower())
    return {"content": fits}


async def _search_products(partner: Partner, told: Arguments) -> Document:
    """Products in which the words stand, those with most of them first."""
    words = list(dict.fromkeys(each.strip(".,;:!?").lower() for each in told["query"].split()))
    words = [each for each in words if len(each) > 2][:WORDS_MAX]
    counted: dict[str, int] = {}
    there: dict[str, Document] = {}
    for word in words:
        found = await product.list_(partner, _asked({"search": word, "page": 0, "size": SIZE_MAX}))
        for each in found["content"]:
            there[each["id"]] = each
            counted[each["id"]] = counted.get(each["id"], 0) + 1
    ranked = sorted(there.values(), key=lambda each: (-counted[each["id"]], each["name"].lower()))
    return {"content": ranked[: told["size"]]}


async def _requirements(partner: Partner, told: Arguments) -> Document:
    uuid = told["productId"]
    one = await product.get(partner, uuid)
    return {
        "productId": one["id"],
        "productName": one["name"],
        "requiresCommitment": one["requiresCommitment"],
        "provisionDetails": (await product.provision_details(partner, uuid))["content"],
        "dependencies": await product.dependencies(partner, uuid),
    }


async def _help(partner: Partner, told: Arguments) -> Document:
    return {"content": [{"title": each.title, "text": each.text} for each in pax8_help.found(told["query"])]}


async def _invoice(partner: Partner, told: Arguments) -> Document:
    return await billing.invoice(told["uuid"])


async def _usage_lines(partner: Partner, told: Arguments) -> Document:
    if told["usageDate"] is None:
        return await billing.usage_summary(told["usageSummaryId"])
    return await billing.usage_lines(told["usageSummaryId"], _asked(told))


async def _quotes(partner: Partner, told: Arguments) -> Document:
    """There are no quotes yet: an empty page."""
    return Page(told["page"], told["limit"]).of([], 0) | {"statusCounts": {}}


async def _quote(partner: Partner, told: Arguments) -> Document:
    raise not_found("Quote", told["quoteId"])


# What there is --------------------------------------------------------------------------------------

PAGE = (
    Parameter("page", "Which page, from 0.", "integer", default=0, least=0, most=10**6),
    Parameter("size", "How many on a page.", "integer", default=SIZE, least=1, most=SIZE_MAX),
)


def _uuid(name: str, of: str) -> Parameter:
    return Parameter(name, f"The UUID of the {of}.", required=True)


def _company_id(words: str = "Only of this company, by its UUID.") -> Parameter:
    return Parameter("companyId", words)


SORT = Parameter("sort", "A field and a direction, such as `createdDate,desc`.")
PRODUCT_ID = _uuid("productId", "product")
VERIFY_COMPANY = "Verify the company UUID is correct."
VERIFY_PRODUCT = "Verify the product UUID with pax8-list-products."

TOOLS = (
    Reading(
        "pax8-list-companies",
        "List companies",
        "The companies that the partner serves, a page at a time, with status, address and whether their self-service "
        "orders need approval. Begin here to find a company's UUID by its name; if several match, ask which.",
        lambda partner, told: company.list_(partner, _asked(told)),
        (
            *PAGE,
            Parameter("sort", "What to sort by.", members=("name", "city", "country", "stateOrProvince", "postalCode")),
            Parameter("order", "Which way to sort.", members=("asc", "desc")),
            Parameter("company_name", "Part of the name."),
            Parameter("status", "Only in this state.", members=("active", "inactive", "deleted")),
        ),
        "Company not found",
        "Try another part of the name.",
    ),
    Reading(
        "pax8-get-company-by-uuid",
        "Get a company",
        "One company, by its UUID.",
        lambda partner, told: company.get(partner, told["uuid"]),
        (_uuid("uuid", "company"),),
        "Company not found",
        "Verify the company UUID with pax8-list-companies.",
        by="uuid",
    ),
    Reading(
        "pax8-list-products",
        "List products",
        "Products that may be ordered, a page at a time.",
        lambda partner, told: product.list_(partner, _asked(told)),
        (
            Parameter("productName", "Part of the name."),
            *PAGE,
            Parameter("vendorName", "Part of the vendor's name."),
            Parameter("search", "Part of name, vendor or SKU, or the UUID."),
        ),
        "Product not found",
        "Try another part of the name.",
    ),
    Reading(
        "pax8-get-product-by-uuid",
        "Get a product",
        "One product, by its UUID: whether it is active, its quantity limits and its billing terms.",
        lambda partner, told: product.get(partner, told["productId"]),
        (PRODUCT_ID,),
        "Product not found",
        VERIFY_PRODUCT,
        by="productId",
    ),
    Reading(
        "pax8-get-product-pricing-by-uuid",
        "Get a product's pricing",
        "What a product costs by billing and commitment term: `rates` with partnerBuyRate and suggestedRetailPrice.",
        lambda partner, told: product.pricing(partner, told["productId"], _asked(told)),
        (PRODUCT_ID, _company_id("Prices for this company, by its UUID.")),
        "Pricing not found",
        VERIFY_PRODUCT,
        by="productId",
    ),
    Reading(
        "pax8-list-subscriptions",
        "List subscriptions",
        "Subscriptions, a page at a time: product, quantity, term, status. After an order completed, find here by "
        "companyId what came of it, and compare product, quantity and term.",
        lambda partner, told: subscription.list_(partner, _asked(told)),
        (
            *PAGE,
            SORT,
            Parameter("status", "Only in this state.", members=subscription.STATES),
            Parameter("billingTerm", "Only with this billing term.", members=TERMS),
            _company_id(),
            Parameter("productId", "Only of this product, by its UUID."),
        ),
        "No subscriptions found",
        VERIFY_COMPANY,
    ),
    Reading(
        "pax8-get-subscription-by-uuid",
        "Get a subscription",
        "One subscription, by its UUID.",
        lambda partner, told: subscription.get(partner, told["uuid"]),
        (_uuid("uuid", "subscription"),),
        "Subscription not found",
        "Verify the subscription UUID with pax8-list-subscriptions.",
        by="uuid",
    ),
    Reading(
        "pax8-list-orders",
        "List orders",
        "Orders, the newest first, a page at a time: status, who ordered, and the line items with product, quantity "
        "and billing term.",
        lambda partner, told: order.list_(partner, _asked(told)),
        (*PAGE, _company_id()),
        "No orders found",
        VERIFY_COMPANY,
    ),
    Reading(
        "pax8-get-order-by-uuid",
        "Get an order",
        "One order, by its UUID: its status and that of each line item. Ask again to follow its provisioning.",
        lambda partner, told: order.get(partner, told["uuid"]),
        (_uuid("uuid", "order"),),
        "Order not found",
        "Verify the order UUID with pax8-list-orders.",
        by="uuid",
    ),
    Reading(
        "pax8-list-invoices",
        "List invoices",
        "Invoices, a page at a time. Nothing is billed here yet: the list is empty.",
        lambda partner, told: billing.invoices(partner, _asked(told)),
        (
            *PAGE,
            SORT,
            Parameter("status", "Only in this state.", members=("unpaid", "paid", "void", "carried", "nothing due")),
            Parameter("invoiceDate", "Only of this day, YYYY-MM-DD."),
            Parameter("invoiceDateRangeStart", "Not before this day, YYYY-MM-DD."),
            Parameter("invoiceDateRangeEnd", "Not after this day, YYYY-MM-DD."),
            Parameter("dueDate", "Only due on this day, YYYY-MM-DD."),
            Parameter("total", "Only with this total.", "number"),
            Parameter("balance", "Only with this balance.", "number"),
            Parameter("carriedBalance", "Only with this carried balance.", "number"),
            _company_id(),
        ),
        "Invoice not found",
        VERIFY_COMPANY,
    ),
    Reading(
        "pax8-get-invoice-by-uuid",
        "Get an invoice",
        "One invoice, by its UUID. Nothing is billed here yet.",
        _invoice,
        (_uuid("uuid", "invoice"),),
        "Invoice not found",
        "Verify the invoice UUID with pax8-list-invoices.",
        by="uuid",
    ),
    Reading(
        "pax8-get-usage-summary",
        "Get usage summaries",
        "What was used of a subscription, a page at a time. No usage is reported here yet: the list is empty.",
        lambda partner, told: billing.usage_summaries(partner, told["subscriptionId"], _asked(told)),
        (
            _uuid("subscriptionId", "subscription"),
            *PAGE,
            SORT,
            Parameter("resourceGroup", "Only of this resource group."),
            _company_id(),
        ),
        "Subscription not found",
        "Verify the subscription UUID with pax8-list-subscriptions.",
        by="subscriptionId",
    ),
    Reading(
        "pax8-get-detailed-usage-summary",
        "Get usage line by line",
        "The lines of a usage summary of one day. No usage is reported here yet.",
        _usage_lines,
        (
            _uuid("usageSummaryId", "usage summary"),
            Parameter("usageDate", "The day of the usage, YYYY-MM-DD."),
            *PAGE,
            SORT,
        ),
        "Usage summary not found",
        "Verify the UUID with pax8-get-usage-summary.",
        by="usageSummaryId",
    ),
    Reading(
        "pax8-list-quotes",
        "List quotes",
        "Quotes, a page at a time. There are none here yet: the list is empty.",
        _quotes,
        (
            PAGE[0],
            Parameter("limit", "How many on a page.", "integer", default=SIZE, least=1, most=SIZE_MAX),
            SORT,
            Parameter("search", "Words of the quote."),
            Parameter(
                "status",
                "Only in this state.",
                members=("accepted", "closed", "declined", "draft", "expired", "pending", "sent"),
            ),
        ),
        "No quotes found",
        "",
    ),
    Reading(
        "pax8-get-quote-by-uuid",
        "Get a quote",
        "One quote, by its UUID. There are none here yet.",
        _quote,
        (_uuid("quoteId", "quote"),),
        "Quote not found",
        "Verify the quote UUID with pax8-list-quotes.",
        by="quoteId",
    ),
    Reading(
        "pax8-lookup-product",
        "Look up a product",
        "A product's UUID by its exact SKU, or by name; an exact match comes first.",
        _find_product,
        (Parameter("productName", "The name."), Parameter("sku", "The vendor's SKU.")),
        "Product not found",
        "Try pax8-list-products.",
    ),
    Reading(
        "pax8-semantic-search-product",
        "Search products",
        "Products for what is wanted, told in a few words such as `backup for mail`; the best match comes first.",
        _search_products,
        (
            Parameter("query", "What is wanted, in a few words.", required=True),
            Parameter("size", "How many at most.", "integer", default=10, least=1, most=FOUND_MAX),
        ),
        "Product not found",
        "Try other words.",
    ),
    Reading(
        "pax8-get-product-ordering-requirements",
        "Get what an order of a product needs",
        "What has to be said with an order of a product (`provisionDetails`), for how long one may be bound, and what "
        "one must have beside it (`dependencies`).",
        _requirements,
        (PRODUCT_ID,),
        "Product not found",
        VERIFY_PRODUCT,
        by="productId",
    ),
    Reading(
        "get-pax8-help-documents",
        "Get help",
        "Short texts about orders: their states, terms and seat changes, faults, and how common jobs are done.",
        _help,
        (Parameter("query", "What is wanted to know, in a few words.", required=True),),
        "Help not found",
        "",
    ),
)
