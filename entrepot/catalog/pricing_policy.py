"""A pricing policy gives one client its own markup on some products."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL
from entrepot.accounts.eligibility import eligibility, fits, meet
from entrepot.catalog import markup
from entrepot.catalog.markup import markup_and_margin
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call, Got
from entrepot.kernel.doors import Load
from entrepot.kernel.errors import Conflict
from entrepot.kernel.field import audited, counted, enum, externals, ref, refs, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing
from entrepot.kernel.want import Want, given

LIFE = Machine(
    initial="Active",
    final="Deleted",
    moves=(
        #     verb        from               to          by
        move("disable",  "Active",          "Disabled", "operations"),
        move("activate", "Disabled",        "Active",   "operations"),
        move("delete",   "Active Disabled", "Deleted",  "operations"),
    ),
)  # fmt: skip
"""Source: platform spec 2.11."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a client knows of its own, but not what they do to the price."""
    if who.actor in SEE_ALL:
        return sa.true()
    if who.actor == "client":
        return sa.and_(row.c.client_id == who.account, row.c.status != "Deleted")
    return sa.false()


# Orders refer to the policy that they were priced by; its attachments, too, stand in a later file.
ORDERS = sa.table("orders", sa.column("pricing_policy_id", sa.Text()))
ATTACHMENTS = sa.table("pricing_policy_attachments", sa.column("pricing_policy_id", sa.Text()))


def _having(table: sa.TableClause) -> Callable[[Any, Who], sa.ScalarSelect[int]]:
    """How many of those refer to the policy."""
    return lambda row, who: sa.select(sa.func.count()).where(table.c.pricing_policy_id == row.c.id).scalar_subquery()


PRICING_POLICY = Noun(
    name="PricingPolicy",
    path="catalog/pricing-policies",
    table_name="pricing_policies",
    ids=Ids("PRP", 3),
    life=LIFE,
    sees=sees,
    audience=("client_id",),
    fields=(
        text("name", longest=500, required=True, core=True, writes="operations"),
        ref("client", "accounts/accounts", required=True, core=True, writes="operations:create"),
        refs("products", "catalog/products", writes="operations"),
        *eligibility(writes="operations", core=True),
        *markup_and_margin("markup", "margin"),
        text("notes", longest=2000, sees="operations", writes="operations"),
        *externals("operations"),
        enum("status", " ".join(LIFE.states)),
        counted("statistics.orders", _having(ORDERS), sees="operations", heavy=True),
        counted("statistics.attachments", _having(ATTACHMENTS), sees="operations", heavy=True),
        *audited("created", "updated", "activated", "deactivated"),
    ),
)

ONE_PRODUCT = ref("product", "catalog/products")
"""A policy for one product may name it alone (platform spec 2.11)."""


def in_full(body: Body) -> Body:
    """The body with the one product that it names as a list."""
    named = body.get("product")
    return Body({**body.raw, "products": [named]}) if named is not None and "products" not in body else body


# Its verbs ------------------------------------------------------------------------------------------------


async def for_new(load: Load, call: Call, _: None, body: Body) -> Got:
    """The policies that the client has already."""
    return await load(OTHERS, client=body.id_of(call, "client") or "")


async def beside(load: Load, call: Call, policy: Thing, body: Body) -> Got:
    """The policies of its client."""
    return await load(OTHERS, client=policy.client_id)


OTHERS = {
    "others": Want(
        PRICING_POLICY,
        lambda row: sa.and_(row.c.client_id == given("client"), row.c.status == "Active"),
        alone=False,
    )
}


def create(call: Call, _: None, body: Body, got: Got) -> Thing:
    """It holds at once, for the client's new orders of these products."""
    policy = plain.begin(call, PRICING_POLICY, body)
    if not policy.products and not any(path.startswith("products") for path in call.faults):
        call.missing(body.path("products"), "At least one product is required.")
    markup.agree(policy, "markup", "margin")
    if policy.markup is None and not {"markup", "margin"} & call.faults.keys():
        call.missing(body.path("markup"), "A markup or a margin is required.")
    call.stop_on_faults()
    _require_alone(policy, got)
    return policy


def update(call: Call, policy: Thing, body: Body, got: Got) -> None:
    """Orders that are there keep the price they have."""
    plain.write(call, policy, body)
    if not policy.products:
        call.fault(body.path("products"), "At least one product is required.")
    markup.agree(policy, "markup", "margin")
    if policy.markup is None:
        call.fault(body.path("markup"), "A markup or a margin is required.")
    call.stop_on_faults()
    _require_alone(policy, got)


def activate(call: Call, policy: Thing, body: Body, got: Got) -> None:
    """It holds again."""
    call.move(policy, "activate")
    call.stamp(policy, "activated")
    _require_alone(policy, got)


def disable(call: Call, policy: Thing, body: Body, got: None) -> None:
    """It holds no more, until it is activated."""
    call.move(policy, "disable")
    call.stamp(policy, "deactivated")


def _require_alone(policy: Thing, got: Got) -> None:
    """Of the policies that hold for a client, one at most is for a product and a kind of licensee.

    Raises Conflict. The database refuses, too, where two come at once (platform spec 2.11: 409 on duplicates).
    """
    if policy.status != "Active":
        return
    for other in got.others:
        shared = sorted(set(policy.products) & set(other.products))
        if other.id != policy.id and shared and meet(policy, other):
            raise Conflict(f"Pricing policy {other.id} is for this client and product {shared[0]} already.")


def applies_to(policy: Thing, client_id: str, product_id: str, licensee: Thing) -> bool:
    """Whether its markup goes before the price list's. The policy must be loaded with its products."""
    return (
        policy.status == "Active"
        and policy.client_id == client_id
        and product_id in policy.products
        and fits(policy, licensee)
    )
