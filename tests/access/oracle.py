"""Who may see which rows, told a second time: in plain Python over the rows, from the rules of the business."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.access.crowd import Crowd, Row
from tests.world import ACCOUNTS, BUYER, TOKENS, USER

USERS = {"client": USER, "restricted": "USR-2001-0002"}


@dataclass(frozen=True)
class Reader:
    """A caller, and what the rules ask about it."""

    who: str

    @property
    def actor(self) -> str:
        """client, vendor or operations."""
        return ACCOUNTS[self.who][1].lower()

    @property
    def account(self) -> str:
        """The account that the token speaks for."""
        return ACCOUNTS[self.who][0]

    @property
    def is_operations(self) -> bool:
        """Whether everything is open."""
        return self.actor == "operations"

    def reaches(self, buyer: object) -> bool:
        """Whether the caller's groups let it see what belongs to that buyer."""
        return self.who != "restricted" or buyer == BUYER


Rule = Callable[[Crowd, Reader, Row], bool]


def party(_: Crowd, reader: Reader, row: Row) -> bool:
    """Clients and vendors see what they are party to."""
    if reader.is_operations:
        return True
    return row[f"{reader.actor}_id"] == reader.account and reader.reaches(row["buyer_id"])


def find(crowd: Crowd, path: str, thing_id: object) -> Row:
    """A row by its id."""
    return crowd.once(("by id", path), lambda: {row["id"]: row for row in reversed(crowd.rows[path])})[thing_id]


def of_order(crowd: Crowd, reader: Reader, row: Row) -> bool:
    return party(crowd, reader, find(crowd, "commerce/orders", row["order_id"]))


def of_agreement(crowd: Crowd, reader: Reader, row: Row) -> bool:
    return party(crowd, reader, find(crowd, "commerce/agreements", row["agreement_id"]))


def bearer(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """How bills are split is no vendor's to know."""
    return reader.actor != "vendor" and (
        reader.is_operations or (row["client_id"] == reader.account and reader.reaches(row["buyer_id"]))
    )


def of_split(path: str) -> Rule:
    return lambda crowd, reader, row: bearer(crowd, reader, find(crowd, path, row["split_id"]))


def deals(crowd: Crowd, reader: Reader, column: str, value: object) -> bool:
    """Whether the caller has an agreement, within its reach, on that thing."""
    return any(
        row[column] == value and row[f"{reader.actor}_id"] == reader.account and reader.reaches(row["buyer_id"])
        for row in crowd.rows["commerce/agreements"]
    )


def alive(row: Row) -> bool:
    return row["status"] != "Deleted"


def account(_: Crowd, reader: Reader, row: Row) -> bool:
    return reader.is_operations or row["id"] == reader.account


def company(column: str, buyer: str) -> Rule:
    """Buyers and licensees: a client's own within reach, a vendor's through its agreements."""

    def rule(crowd: Crowd, reader: Reader, row: Row) -> bool:
        if reader.is_operations:
            return True
        if reader.actor == "client":
            mine = row["account_id"] == reader.account and reader.reaches(row[buyer])
        else:
            mine = deals(crowd, reader, column, row["id"])
        return mine and alive(row)

    return rule


def seller(_: Crowd, reader: Reader, row: Row) -> bool:
    return reader.is_operations or alive(row)


def user(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """Members of the account, and whom it was the first to invite."""
    if reader.is_operations:
        return True
    here = [each["status"] for each in crowd.rows["accounts/account-users"]
            if each["user_id"] == row["id"] and each["account_id"] == reader.account]  # fmt: skip
    first = row["current_account_id"] == reader.account and any(status != "Removed" for status in here)
    return alive(row) and ("Active" in here or first)


def user_group(_: Crowd, reader: Reader, row: Row) -> bool:
    return alive(row) and (reader.is_operations or row["account_id"] == reader.account)


def member(_: Crowd, reader: Reader, row: Row) -> bool:
    return row["status"] != "Removed" and own(_, reader, row)


def own(_: Crowd, reader: Reader, row: Row) -> bool:
    return reader.is_operations or row["account_id"] == reader.account


def token(_: Crowd, reader: Reader, row: Row) -> bool:
    """Their own, for operations too: it is given out with its secret."""
    if row["account_id"] != reader.account:
        return False
    if reader.who == "restricted" and row["id"] != TOKENS["restricted"] and row["user_id"] != USERS["restricted"]:
        return False
    return reader.is_operations or alive(row)


def everybody(_: Crowd, reader: Reader, row: Row) -> bool:
    return True


def kept(_: Crowd, reader: Reader, row: Row) -> bool:
    return alive(row)


def product(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """A vendor's own, in any state; a client's choice, and what it has bought already."""
    if not alive(row) or reader.is_operations:
        return alive(row)
    if reader.actor == "vendor":
        return row["vendor_id"] == reader.account
    return row["status"] == "Published" or deals(crowd, reader, "product_id", row["id"])


def of_product(*for_clients: str, rule: Callable[[Row], bool] = alive) -> Rule:
    """What belongs to a product that is seen; clients are shown those states alone, where some are named."""

    def found(crowd: Crowd, reader: Reader, row: Row) -> bool:
        if reader.is_operations:
            return rule(row)
        if not product(crowd, reader, find(crowd, "catalog/products", row["product_id"])):
            return False
        if reader.actor == "client" and for_clients:
            return row["status"] in for_clients
        return rule(row)

    return found


def parameter(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """A client is told of what it is asked, and of nothing else."""
    if not of_product(rule=lambda _: True)(crowd, reader, row):
        return False
    if reader.actor != "client":
        return True
    hidden = '"hidden": true' in (row["constraints"] or "") or '"hidden":true' in (row["constraints"] or "")
    return row["status"] == "Active" and row["phase"] != "Fulfillment" and not hidden


def template(crowd: Crowd, reader: Reader, row: Row) -> bool:
    return reader.actor != "client" and of_product()(crowd, reader, row)


def variant(crowd: Crowd, reader: Reader, row: Row) -> bool:
    if reader.is_operations:
        return alive(row)
    terms = find(crowd, "catalog/products/{product}/terms", row["terms_and_conditions_id"])
    if not of_product("Published")(crowd, reader, terms):
        return False
    return row["status"] == "Published" if reader.actor == "client" else alive(row)


def price_list(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """A client sees the lists by which a seller of its licensees sells."""
    if not of_product()(crowd, reader, row) or reader.actor != "client":
        return of_product()(crowd, reader, row)
    visible = company("licensee_id", "buyer_id")
    sellers = {each["seller_id"] for each in crowd.rows["accounts/licensees"] if visible(crowd, reader, each)}
    return any(
        each["price_list_id"] == row["id"] and alive(each) and each["seller_id"] in sellers
        for each in crowd.rows["catalog/listings"]
    )


def price(crowd: Crowd, reader: Reader, row: Row) -> bool:
    if reader.is_operations:
        return True
    if not price_list(crowd, reader, find(crowd, "catalog/price-lists", row["price_list_id"])):
        return False
    item = find(crowd, "catalog/items", row["item_id"])
    if not of_product("Published", "Unpublished")(crowd, reader, item):
        return False
    return reader.actor != "client" or row["status"] in ("ForSale", "Private")


def pricing_policy(_: Crowd, reader: Reader, row: Row) -> bool:
    if reader.actor == "client":
        return row["client_id"] == reader.account and alive(row)
    return reader.is_operations


def program(_: Crowd, reader: Reader, row: Row) -> bool:
    if reader.actor == "client":
        return row["status"] == "Published"
    return alive(row) and (reader.is_operations or row["vendor_id"] == reader.account)


def certificate(crowd: Crowd, reader: Reader, row: Row) -> bool:
    return reader.is_operations or (row[f"{reader.actor}_id"] == reader.account and reader.reaches(row["buyer_id"]))


def basket(_: Crowd, reader: Reader, row: Row) -> bool:
    """What a client asks for at once is its own; vendors get orders."""
    if reader.is_operations:
        return True
    return reader.actor == "client" and row["client_id"] == reader.account and reader.reaches(row["buyer_id"])


def of_basket(crowd: Crowd, reader: Reader, row: Row) -> bool:
    return basket(crowd, reader, find(crowd, "commerce/baskets", row["basket_id"]))


def contact(_: Crowd, reader: Reader, row: Row) -> bool:
    """People at a licensee are known to its client, and to nobody else but operations; so is who serves a buyer."""
    if reader.is_operations:
        return True
    return reader.actor == "client" and row["account_id"] == reader.account and reader.reaches(row["buyer_id"])


def transfer(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """What a buyer has is its client's to count."""
    return contact(crowd, reader, row) and (reader.is_operations or alive(row))


def policy_paper(_: Crowd, reader: Reader, row: Row) -> bool:
    return reader.is_operations


def event_type(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """Those of the platform everybody's; those of programs are known to whom they told something."""
    told = crowd.served.fetch("select target_id from event_types_accounts where owner_id = $1", row["id"])
    return reader.is_operations or row["key"].startswith("platform.") or reader.account in {each[0] for each in told}


def record(_: Crowd, reader: Reader, row: Row) -> bool:
    if reader.is_operations:
        return True
    return reader.account in row["accounts"] and reader.reaches(row["scope"])


def request(_: Crowd, reader: Reader, row: Row) -> bool:
    """The client who asks, the vendor who is asked or whose product it is about. It is about no buyer."""
    if reader.is_operations:
        return True
    return row[f"{reader.actor}_id"] == reader.account and (
        reader.who != "restricted" or row["requester_id"] == USERS["restricted"]
    )


def of_request(crowd: Crowd, reader: Reader, row: Row) -> bool:
    return request(crowd, reader, find(crowd, "commerce/requests", row["request_id"]))


def message(crowd: Crowd, reader: Reader, row: Row) -> bool:
    return of_request(crowd, reader, row) and row[f"visibility_{reader.actor}"]


def extension(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """Its vendor's; what is public; what an account was asked to install."""
    if not alive(row) or reader.is_operations:
        return alive(row)
    asked = any(
        each["extension_id"] == row["id"] and each["account_id"] == reader.account
        for each in crowd.rows["integration/installations"]
    )
    return row["status"] == "Public" or asked or (reader.actor == "vendor" and row["vendor_id"] == reader.account)


def of_extension(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """Its vendor reads all of it, others what is published."""
    mine = reader.is_operations or row["vendor_id"] == reader.account
    if not alive(row) or (not mine and row["status"] != "Published"):
        return False
    if "term_id" in row:
        return of_extension(crowd, reader, find(crowd, "integration/extensions/{extension}/terms", row["term_id"]))
    return extension(crowd, reader, find(crowd, "integration/extensions", row["extension_id"]))


def makers(crowd: Crowd, reader: Reader, row: Row) -> bool:
    return row.get("status") != "Deleted" and (reader.is_operations or row["vendor_id"] == reader.account)


def instance(crowd: Crowd, reader: Reader, row: Row) -> bool:
    mine = extension(crowd, reader, find(crowd, "integration/extensions", row["extension_id"]))
    return mine and makers(crowd, reader, row)


def shared(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """The account for which it is, and the vendor whose extension does it. Which buyer it is about is not known."""
    if reader.is_operations:
        return True
    return row["account_id"] == reader.account or (reader.actor == "vendor" and row["vendor_id"] == reader.account)


def task(crowd: Crowd, reader: Reader, row: Row) -> bool:
    return shared(crowd, reader, row) and reader.who != "restricted"


def event_subscription(_: Crowd, reader: Reader, row: Row) -> bool:
    """Their own, for operations too: what is sent is what the account sees. Nobody sees one that tells of more."""
    return row["account_id"] == reader.account and (reader.who != "restricted" or row["id"] == "EVS-2001-0002")


def delivery(crowd: Crowd, reader: Reader, row: Row) -> bool:
    """Those to an extension are seen as the tasks that may go with them, those to a webhook as it is."""
    if row["installation_id"] is not None:
        return task(crowd, reader, row)
    subscription = find(crowd, "notifications/event-subscriptions", row["subscription_id"])
    return event_subscription(crowd, reader, subscription)


def webhook(_: Crowd, reader: Reader, row: Row) -> bool:
    """Vendors their own, operations all of them; no client learns where its vendor is asked."""
    return reader.is_operations or (reader.actor == "vendor" and row["account_id"] == reader.account)


def webhook_call(crowd: Crowd, reader: Reader, row: Row) -> bool:
    return webhook(crowd, reader, find(crowd, "notifications/webhooks", row["webhook_id"]))


SEES: dict[str, Rule] = {
    "accounts/accounts": account,
    "accounts/buyers": company("buyer_id", "id"),
    "accounts/buyers/{buyer}/transfer": transfer,
    "accounts/sellers": seller,
    "accounts/erp-links": contact,
    "accounts/cloud-tenants": lambda _, reader, row: reader.is_operations,
    "accounts/licensees": company("licensee_id", "buyer_id"),
    "accounts/licensees/{licensee}/contacts": contact,
    "accounts/users": user,
    "accounts/user-groups": user_group,
    "accounts/account-users": member,
    "accounts/accounts/{account}/identity-provider": own,
    "accounts/api-tokens": token,
    "accounts/modules": everybody,
    "catalog/products": product,
    "catalog/products/{product}/item-groups": of_product(),
    "catalog/products/{product}/parameter-groups": of_product(),
    "catalog/products/{product}/parameters": parameter,
    "catalog/products/{product}/templates": template,
    "catalog/products/{product}/terms": of_product("Published"),
    "catalog/products/{product}/terms/{terms}/variants": variant,
    "catalog/products/{product}/documents": of_product("Published"),
    "catalog/products/{product}/media": of_product("Published"),
    "catalog/items": of_product("Published", "Unpublished"),
    "catalog/units-of-measure": kept,
    "catalog/price-lists": price_list,
    "catalog/price-lists/{priceList}/items": price,
    "catalog/pricing-policies": pricing_policy,
    "catalog/pricing-policies/{pricingPolicy}/attachments": policy_paper,
    "catalog/authorizations": of_product(),
    "catalog/listings": of_product(),
    "program/programs": program,
    "program/certificates": certificate,
    "notifications/event-subscriptions": event_subscription,
    "notifications/deliveries": delivery,
    "notifications/webhooks": webhook,
    "notifications/webhook-calls": webhook_call,
    "commerce/orders": party,
    "commerce/orders/{order}/lines": of_order,
    "commerce/orders/{order}/subscriptions": party,
    "commerce/orders/{order}/assets": party,
    "commerce/orders/{order}/terms": of_order,
    "commerce/agreements": party,
    "commerce/agreements/{agreement}/terms": of_agreement,
    "commerce/agreements/{agreement}/attachments": of_agreement,
    "commerce/subscriptions": party,
    "commerce/assets": party,
    "commerce/agreements/{agreement}/split": bearer,
    "commerce/agreements/{agreement}/split/allocations": of_split("commerce/agreements/{agreement}/split"),
    "commerce/subscriptions/{subscription}/split": bearer,
    "commerce/subscriptions/{subscription}/split/allocations": of_split("commerce/subscriptions/{subscription}/split"),
    "commerce/lines": party,
    "commerce/baskets": basket,
    "commerce/baskets/{basket}/lines": of_basket,
    "commerce/requests": request,
    "commerce/requests/{request}/messages": message,
    "commerce/requests/{request}/attachments": of_request,
    "system/tasks": task,
    "system/tasks/{task}/logs": makers,
    "integration/extensions": extension,
    "integration/categories": kept,
    "integration/extensions/{extension}/documents": of_extension,
    "integration/extensions/{extension}/media": of_extension,
    "integration/extensions/{extension}/terms": of_extension,
    "integration/extensions/{extension}/terms/{term}/variants": of_extension,
    "integration/extensions/{extension}/instances": instance,
    "integration/installations": shared,
    "integration/schedules": makers,
    "audit/records": record,
    "audit/event-types": event_type,
    "events": record,
    "identities": everybody,
}
"""The rule of each collection. A new one fails the tests until somebody has thought about it here."""


WORKS_ON = {
    "commerce/requests": "to_id",
    "commerce/requests/{request}/attachments": "account_id",
    "notifications/deliveries": "keeper_id",
    "system/tasks": "vendor_id",
    "integration/extensions": "vendor_id",
    "integration/installations": "account_id",
}
"""Where it is not enough to see a thing: the column with the account that may do all that its actor may."""


def listed(path: str, row: Row) -> bool:
    """Lists of parameters give what is in use, though what was deleted can still be read."""
    return path != "catalog/products/{product}/parameters" or row["status"] == "Active"


def visible(crowd: Crowd, who: str, path: str) -> list[Row]:
    """The rows of a collection that somebody may see."""
    rule, reader = SEES[path], Reader(who)

    def found() -> list[Row]:
        return [row for row in crowd.rows[path] if rule(crowd, reader, row)]

    return found() if rule is event_type else crowd.once(("visible", who, path), found)
