"""Sablegate Endpoint: fulfilled by the vendor's extension; one client has a price of its own."""

from decimal import Decimal

from entrepot.demo.companies import QUILLMERE
from entrepot.demo.product import (
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
    address,
    chosen,
    company,
    contact,
    days,
    email,
    numbered,
    options,
    price,
    some,
    told,
)

ITEMS = (
    Item(
        "SG-CORE-M",
        "Sablegate Core, monthly",
        "Protection of one device, with a year's commitment.",
        "device",
        MONTHLY_FOR_A_YEAR,
        {"EUR": price("3.20", "2.30", "14"), "USD": price("3.45", "2.50", "14")},
        (15, 180),
    ),
    Item(
        "SG-CORE-Y",
        "Sablegate Core, yearly",
        "Protection of one device.",
        "device",
        YEARLY,
        {"EUR": price("34.80", "25.10", "14"), "USD": price("37.80", "27.25", "14")},
        (40, 600),
    ),
    Item(
        "SG-HUNT-Y",
        "Sablegate Watch, yearly",
        "Analysts who look at your alarms day and night.",
        "device",
        YEARLY,
        {"EUR": price("66.00", "49.50", "13"), "USD": price("71.50", "53.60", "13")},
        (40, 400),
    ),
    Item(
        "SG-CORE-3Y",
        "Sablegate Core, three years",
        "Protection of one device for the life of the device.",
        "device",
        THREE_YEARS,
        {"EUR": price("88.50", "64.90", "12.5"), "USD": price("96.00", "70.45", "12.5")},
        (30, 300),
    ),
    Item(
        "SG-AUDIT",
        "Rule review",
        "An engineer reviews your exclusions and alarms.",
        "day",
        ONCE,
        {"EUR": price("1320.00", "1010.00", "18"), "USD": price("1440.00", "1100.00", "18")},
        (1, 2),
        group=1,
    ),
)

PARAMETERS = (
    Parameter(
        "organisation",
        "Organisation",
        "Shown to people whose device is isolated.",
        "SingleLineText",
        options={"minChar": 2, "maxChar": 80},
        sample=company,
    ),
    Parameter(
        "securityContact",
        "Security contact",
        "Is called at night.",
        "Contact",
        options={"defaultValue": "Licensee", "phoneMandatory": True},
        sample=contact,
    ),
    Parameter(
        "site",
        "Main site",
        "Where loan devices are sent to.",
        "Address",
        options={"defaultValue": "Licensee"},
        sample=address,
    ),
    Parameter(
        "reportEmail",
        "Weekly report to",
        "A mailbox, if you like a shared one.",
        "Email",
        required=False,
        options={"placeholderText": "security@company.example"},
        sample=email,
    ),
    Parameter(
        "platforms",
        "Platforms",
        "Which agents you need.",
        "Checkbox",
        group=1,
        options=options("Windows", "macOS", "Linux", "Mobile"),
        sample=some("Windows", "macOS", "Linux", "Mobile"),
    ),
    Parameter(
        "rollout",
        "Week of the rollout",
        "We keep people ready in that week.",
        "Date",
        group=1,
        required=False,
        options={"dateRange": True},
        sample=days(5, 30),
    ),
    Parameter(
        "exclusions",
        "Exclusions",
        "Folders and programs that must not be scanned.",
        "MultiLineText",
        group=1,
        required=False,
        options={"maxChar": 4000},
        sample=chosen(None, None, "C:\\CNC\\controller (real time, must not be slowed down)", "/srv/imaging/cache"),
    ),
    Parameter(
        "serviceTier",
        "Service",
        "Agreed with your distributor.",
        "SingleLineText",
        group=1,
        required=False,
        readonly=True,
        options={"defaultValue": "Standard"},
        sample=chosen("Standard"),
    ),
    Parameter(
        "approver",
        "Approved by",
        "Who approved the order on your side.",
        "SingleLineText",
        scope="Order",
        required=False,
        sample=chosen(None, "Head of IT", "CISO office"),
    ),
    Parameter(
        "returnDevices",
        "Loan devices",
        "What happens to loan devices.",
        "Choice",
        scope="Order",
        context="Termination",
        required=False,
        options=options("Collected", "Bought"),
        sample=chosen("Collected", "Bought"),
    ),
    told(
        "consoleId",
        "Console",
        "SingleLineText",
        "The id of your console.",
        required=True,
        sample=numbered("SGC-", 7),
    ),
    told(
        "policy",
        "First policy",
        "DataObject",
        "The rules that the console starts with.",
        options={"objectType": "Json"},
        sample=lambda rng, licensee, at: {"isolate": rng.choice(("ask", "always")), "scan": "on-access"},
    ),
    told("dueDate", "Fulfilment due", "Date", "When an unanswered order is given up."),
    told(
        "activationCode",
        "Activation code",
        "SingleLineText",
        "Typed in when an agent is installed.",
        scope="Subscription",
        sample=numbered("SGA-", 8),
    ),
    told(
        "engineer",
        "Engineer",
        "SingleLineText",
        "Who reviews your rules.",
        scope="Asset",
        sample=chosen("A. Penhale", "R. Okonedo", "J. Thistlewood"),
    ),
)

PROCESSING = """
# Your console is being prepared

We are setting up protection for **{{ organisation }}** ({{ platforms }}).
{{ securityContact }} gets a call within one working day to agree on who may isolate a device.
"""

QUERYING = """
# A question before we begin

Protection that calls the wrong person is none. Please look at the marked answer, correct it, and process
the order again.
"""

COMPLETED = """
# You are protected

Your console is **{{ consoleId }}**. Install the agents for {{ platforms }}; the activation code is with each
subscription.

> At night and at weekends, write to nightdesk@quillmere.example. A person answers.

Reports go to {{ reportEmail }} every Monday.
"""

CHANGED = """
# Changed

Console {{ consoleId }} counts devices by the new quantities. Devices above
them are reported, not switched off.
"""

ENDED = """
# Thank you for your time with us

Agents remove themselves within 48 hours. Download your alarms before: they are deleted after 30 days.
"""

SUBSCRIPTION = """
# Sablegate devices

Activation code: `{{ activationCode }}`
"""

ASSET = """
# Rule review

{{ engineer }} will look at your rules with you. Have your last ten alarms at hand.
"""

SABLEGATE = Product(
    id="PRD-5002-0001",
    vendor=QUILLMERE,
    name="Sablegate Endpoint",
    short="Stops an attack on one device before it becomes an attack on all.",
    long="Sablegate watches what programs do, isolates a device in seconds, and shows what happened as a "
    "story that people can read. With Watch, analysts look at alarms day and night and call you only "
    "when it matters.",
    website="https://www.quillmere.example/sablegate",
    fulfilment="extension",
    code="SG",
    item_groups=(("Devices", "How many devices?"), ("Services", "Shall we have a look together?")),
    items=ITEMS,
    parameter_groups=(("Your organisation", "Whom do we protect?"), ("Rollout", "How do we begin?")),
    parameters=PARAMETERS,
    templates=(
        Template("OrderProcessing", "Preparing your console", PROCESSING),
        Template("OrderQuerying", "A question before we begin", QUERYING),
        Template("OrderCompleted", "You are protected", COMPLETED),
        Template("OrderCompleted", "Change confirmed", CHANGED, default=False),
        Template("OrderCompleted", "Protection ended", ENDED, default=False),
        Template("Subscription", "Sablegate devices", SUBSCRIPTION),
        Template("Asset", "Rule review", ASSET),
    ),
    terms=(
        Document(
            "Quillmere service terms",
            "What Quillmere promises, and what it does not.",
            {
                "en": "https://www.quillmere.example/legal/service-en",
                "de": "https://www.quillmere.example/legal/service-de",
            },
        ),
    ),
    objection=Objection(
        "securityContact",
        {
            "firstName": "Front",
            "lastName": "Desk",
            "email": "reception@invalid.example",
            "phone": {"prefix": "+1", "number": "000"},
        },
        "QM-31",
        "This number is not answered at night. Please name someone who may decide.",
    ),
    default_markup=Decimal("14"),
)
