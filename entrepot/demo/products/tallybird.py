"""Tallybird Analytics: fulfilled by the platform itself, within seconds."""

from decimal import Decimal

from entrepot.demo.companies import HALVORNE
from entrepot.demo.product import (
    MONTHLY,
    MONTHLY_FOR_A_YEAR,
    ONCE,
    THREE_YEARS,
    YEARLY,
    Document,
    Item,
    Objection,
    Parameter,
    Product,
    Template,
    chosen,
    day,
    email,
    numbered,
    options,
    price,
    some,
    subdomain,
    told,
)

ITEMS = (
    Item(
        "TB-VIEW-M",
        "Tallybird Viewer, monthly",
        "Reads dashboards and receives reports.",
        "user",
        MONTHLY,
        {"EUR": price("4.90", "3.60", "15"), "USD": price("5.30", "3.90", "15")},
        (20, 300),
        parameters={"seatClass": "viewer"},
    ),
    Item(
        "TB-AUTH-M",
        "Tallybird Author, monthly with a year's commitment",
        "Builds dashboards and data models.",
        "user",
        MONTHLY_FOR_A_YEAR,
        {"EUR": price("27.00", "19.80", "14"), "USD": price("29.50", "21.65", "14")},
        (2, 30),
        parameters={"seatClass": "author"},
    ),
    Item(
        "TB-AUTH-Y",
        "Tallybird Author, yearly",
        "Builds dashboards and data models; two months free.",
        "user",
        YEARLY,
        {"EUR": price("270.00", "198.00", "14"), "USD": price("295.00", "216.50", "14")},
        (2, 40),
        parameters={"seatClass": "author"},
        seats={"minQuantity": 1, "maxQuantity": 500, "decrease": {"daysAfterStart": 14, "daysBeforeEnd": 30}},
    ),
    Item(
        "TB-FLOW-Y",
        "Tallybird Pipelines, yearly",
        "Fifty connectors, refreshed every ten minutes.",
        "workspace",
        YEARLY,
        {"EUR": price("3120.00", "2340.00", "12"), "USD": price("3390.00", "2545.00", "12")},
        (1, 2),
        seats={"maxQuantity": 20, "earlyTermination": True},
        requires=("TB-AUTH-M", "TB-AUTH-Y"),
    ),
    Item(
        "TB-FLOW-3Y",
        "Tallybird Pipelines, three years",
        "The same at a fixed price for three years.",
        "workspace",
        THREE_YEARS,
        {"EUR": price("8400.00", "6300.00", "11"), "USD": price("9150.00", "6860.00", "11")},
        (1, 1),
        seats={"maxQuantity": 20, "earlyTermination": False},
        requires=("TB-AUTH-M", "TB-AUTH-Y"),
    ),
    Item(
        "TB-MIG",
        "Migration of reports",
        "We rebuild ten of your reports.",
        "pack",
        ONCE,
        {"EUR": price("980.00", "735.00", "22"), "USD": price("1065.00", "799.00", "22")},
        (1, 4),
        group=1,
    ),
)

PARAMETERS = (
    Parameter(
        "workspace",
        "Workspace",
        "The name in the address of your workspace.",
        "Subdomain",
        options={"domainSuffix": ".tallybird.example"},
        sample=subdomain,
    ),
    Parameter(
        "ownerEmail",
        "Owner",
        "Is invited as the first administrator.",
        "Email",
        options={"defaultValue": "CurrentlySignedInUser"},
        sample=email,
    ),
    Parameter(
        "packs",
        "Starter packs",
        "Dashboards that are installed for you.",
        "Checkbox",
        group=1,
        required=False,
        options=options("Finance", "Sales", "Production", "Service desk", defaultValue=["Finance"]),
        sample=some("Finance", "Sales", "Production", "Service desk"),
    ),
    Parameter(
        "weekStart",
        "First day of the week",
        "How weeks are counted in reports.",
        "Choice",
        group=1,
        options=options("Monday", "Sunday", defaultValue="Monday"),
        sample=lambda rng, licensee, at: "Monday" if licensee.seller.currency == "EUR" else "Sunday",
    ),
    Parameter(
        "goLive",
        "Wanted from",
        "The day on which people are invited.",
        "Date",
        group=1,
        required=False,
        options={"dateRange": False},
        sample=day(1, 20),
    ),
    Parameter(
        "costCentre",
        "Cost centre",
        "Printed on the invoice.",
        "SingleLineText",
        scope="Order",
        required=False,
        options={"pattern": "^[A-Z0-9-]{3,12}$", "hintText": "Three to twelve characters"},
        sample=chosen(None, "4711-IT", "FIN-210", "OPS-88"),
    ),
    Parameter(
        "seatClass",
        "Seat class",
        "What a seat may do.",
        "SingleLineText",
        scope="Item",
        phase="Configuration",
        group=None,
        required=False,
    ),
    told(
        "workspaceUrl",
        "Address",
        "SingleLineText",
        "Where you sign in.",
        sample=lambda rng, licensee, at: f"https://{subdomain(rng, licensee, at)}.tallybird.example",
    ),
    told("provisionedOn", "Ready since", "Date", "The day on which the workspace was made.", sample=day(0, 0)),
    told(
        "seatPool",
        "Seat pool",
        "SingleLineText",
        "Seats are drawn from this pool.",
        scope="Subscription",
        sample=numbered("POOL-", 5),
    ),
    told(
        "projectCode",
        "Project code",
        "SingleLineText",
        "For the call with our team.",
        scope="Asset",
        sample=numbered("TBM-", 4),
    ),
)

PROCESSING = """
# A few seconds

**{{ workspace }}.tallybird.example** is being made. You need not wait here:
{{ ownerEmail }} gets an invitation.
"""

QUERYING = """
# One answer does not fit

The workspace could not be made with what you entered. The field is marked; please correct it and
process the order again.
"""

COMPLETED = """
# Your workspace is ready

Sign in at {{ workspaceUrl }} as {{ ownerEmail }}.

- Starter packs: {{ packs }}
- Weeks start on {{ weekStart }}

Invite colleagues under *Settings, People*. Viewers may join at any time; authors take one of your seats.
"""

RENEWED = """
# Your seats have changed

The new number of seats is available at {{ workspaceUrl }}. Nobody was signed out.
"""

SUBSCRIPTION = """
# Tallybird seats

These seats belong to pool {{ seatPool }}. Add seats at any time; take them away at renewal.
"""

ASSET = """
# Migration of reports

Project code {{ projectCode }}. Send us the ten reports that are opened most.
"""

TALLYBIRD = Product(
    id="PRD-5001-0002",
    vendor=HALVORNE,
    name="Tallybird Analytics",
    short="Figures that everyone in the company reads the same way.",
    long="Tallybird connects to your finance, sales and production systems, defines each figure once, and "
    "shows it on dashboards that open in a second. Authors build, viewers read, and every figure says "
    "where it comes from.",
    website="https://www.halvorne.example/tallybird",
    fulfilment="automatic",
    code="TB",
    item_groups=(("Seats and pipelines", "What do you need?"), ("Services", "Shall we help you to start?")),
    items=ITEMS,
    parameter_groups=(("Your workspace", "What shall it be called?"), ("Set-up", "How shall it look?")),
    parameters=PARAMETERS,
    templates=(
        Template("OrderProcessing", "A few seconds", PROCESSING),
        Template("OrderQuerying", "One answer does not fit", QUERYING),
        Template("OrderCompleted", "Your workspace is ready", COMPLETED),
        Template("OrderCompleted", "Change confirmed", RENEWED, default=False),
        Template("Subscription", "Tallybird seats", SUBSCRIPTION),
        Template("Asset", "Migration of reports", ASSET),
    ),
    terms=(
        Document(
            "Halvorne cloud terms",
            "The contract between you and Halvorne.",
            {
                "en": "https://legal.halvorne.example/cloud/en",
                "de": "https://legal.halvorne.example/cloud/de",
            },
        ),
    ),
    objection=Objection("workspace", "www", "HV-0212", "This name is reserved. Please choose another one."),
    default_markup=Decimal("14"),
)
