"""A cloud tenant is a customer's tenancy at a large cloud, as the distributor keeps track of it."""

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL
from entrepot.kernel import plain
from entrepot.kernel.access import Who
from entrepot.kernel.body import Body
from entrepot.kernel.call import Call
from entrepot.kernel.field import audited, enum, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Active Disabled",
    final="Deleted",
    moves=(
        #     verb       from               to          by
        move("disable", "Active",          "Disabled", "operations"),
        move("enable",  "Disabled",        "Active",   "operations"),
        move("delete",  "Active Disabled", "Deleted",  "operations"),
    ),
)  # fmt: skip
"""Source: platform spec 1.10. No address of its own leads from state to state: an update says which it is to be."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations alone."""
    return sa.true() if who.actor in SEE_ALL else sa.false()


CLOUD_TENANT = Noun(
    name="CloudTenant",
    path="accounts/cloud-tenants",
    table_name="cloud_tenants",
    ids=Ids("CLT", 2),
    life=LIFE,
    sees=sees,
    fields=(
        text("name", longest=500, required=True, core=True, writes="operations"),
        enum("type", "AwsDirect AwsService Csp365 CspAzure Ea365 EaAzure Slm Virtual", writes="operations"),
        enum("status", " ".join(LIFE.states)),
        ref("account", "accounts/accounts", writes="operations"),
        text("externalIds.pyraTenantId", longest=250, writes="operations"),
        text("externalIds.cloudConsumptionId", longest=250, writes="operations"),
        text("externalIds.providerId", longest=250, writes="operations"),
        *audited("created", "updated"),
    ),
)

TENANT_STATUS = enum("status", "Active Disabled", writes="operations")
"""What a body may say of the state, at creation and later."""

WAYS = {"Active": "enable", "Disabled": "disable"}


def create(call: Call, _: None, body: Body, got: None) -> Thing:
    """One more to keep track of; Active unless something else is said."""
    return plain.begin(call, CLOUD_TENANT, body, status=_status(call, body) or "Active")


def update(call: Call, tenant: Thing, body: Body, got: None) -> None:
    """What is given is written. Another state is moved to. Raises Conflict for what is deleted."""
    status = _status(call, body)
    if status is not None and status != tenant.status:
        call.move(tenant, WAYS[status])
    plain.write(call, tenant, body)


def _status(call: Call, body: Body) -> str | None:
    """The state that the body asks for."""
    said = body.get("status")
    for each in WAYS:
        if isinstance(said, str) and said.lower() == each.lower():
            return each
    if said is not None:
        call.fault(body.path("status"), f"One of {', '.join(WAYS)} was expected.")
    return None
