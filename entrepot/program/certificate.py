"""A certificate says that a client's company has been admitted to a program."""

import sqlalchemy as sa

from entrepot.accounts.dealings import SEE_ALL
from entrepot.accounts.eligibility import eligibility
from entrepot.accounts.licensee import LICENSEE
from entrepot.catalog.publication import seen
from entrepot.kernel.access import Who
from entrepot.kernel.field import audited, day, document, enum, externals, ref, text
from entrepot.kernel.ids import Ids
from entrepot.kernel.machine import Machine, move
from entrepot.kernel.noun import Noun
from entrepot.kernel.thing import Thing

LIFE = Machine(
    initial="Pending",
    final="Expired Terminated",
    moves=(
        #     verb         from       to            by
        move("activate",  "Pending",  "Active",     "vendor kernel"),  # its enrollment is completed
        move("change",    "Active",   "Updating",   "client kernel"),  # another enrollment is on its way
        move("settle",    "Updating", "Active",     "vendor kernel"),
        move("terminate", "Active",   "Terminated", "vendor"),
        move("expire",    "Active",   "Expired",    "kernel"),
    ),
)  # fmt: skip
"""Source: platform spec 10."""


def sees(row: sa.FromClause, who: Who) -> sa.ColumnElement[bool]:
    """Operations all; a vendor those of its programs; a client its own, for buyers and licensees in reach."""
    if who.actor in SEE_ALL:
        return sa.true()
    if who.actor == "vendor":
        return row.c.vendor_id == who.account
    mine = row.c.client_id == who.account
    if not who.restricted:
        return mine
    return sa.and_(mine, sa.or_(who.reach(row.c.buyer_id), seen(LICENSEE, row.c.licensee_id, who)))


CERTIFICATE = Noun(
    name="Certificate",
    path="program/certificates",
    table_name="certificates",
    ids=Ids("CER", 3),
    life=LIFE,
    sees=sees,
    audience=("client_id", "vendor_id"),
    scope="buyer_id",
    party="client_id",
    fields=(
        text("name", longest=500, core=True, writes="client vendor operations"),
        enum("status", " ".join(LIFE.states)),
        document("statusNotes", schema={"type": "object"}),
        ref("program", "program/programs", required=True, writes="operations:create"),
        ref("vendor", "accounts/accounts"),
        ref("client", "accounts/accounts", writes="operations:create"),
        enum("applicableTo", "Buyer Licensee"),
        ref("buyer", "accounts/buyers", writes="operations:create"),
        ref("licensee", "accounts/licensees", writes="operations:create"),
        *eligibility(writes=""),
        *externals("vendor"),
        day("expirationDate", writes="vendor"),
        *audited("created", "updated", "pending", "activated", "updating", "terminated", "expired"),
    ),
)


def admits(certificate: Thing, licensee: Thing) -> bool:
    """Whether an order of the licensee may name it."""
    if certificate.licensee_id:
        held = certificate.licensee_id == licensee.id
    else:
        held = certificate.buyer_id == licensee.buyer_id
    return held and certificate.status in ("Active", "Updating")
