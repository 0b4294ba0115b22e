"""Mirrorvault Backup: fulfilled by the vendor's extension. The demo's story orders it."""

from decimal import Decimal

from entrepot.demo.companies import HALVORNE
from entrepot.demo.product import (
    MONTHLY,
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
    company,
    contact,
    day,
    numbered,
    options,
    price,
    subdomain,
    told,
)

ITEMS = (
    Item(
        "MV-WRK-Y",
        "Mirrorvault Workplace, yearly",
        "Backup of one person's mail, files and laptop.",
        "user",
        YEARLY,
        {"EUR": price("57.60", "41.40", "16"), "USD": price("62.40", "45.00", "16")},
        (25, 260),
    ),
    Item(
        "MV-WRK-M",
        "Mirrorvault Workplace, monthly",
        "The same, paid month by month.",
        "user",
        MONTHLY,
        {"EUR": price("5.60", "4.05", "18"), "USD": price("6.10", "4.40", "18")},
        (5, 60),
    ),
    Item(
        "MV-SRV-Y",
        "Mirrorvault Server, yearly",
        "Image backup of one server, restored within the hour.",
        "server",
        YEARLY,
        {"EUR": price("348.00", "252.00", "15"), "USD": price("378.00", "274.00", "15")},
        (2, 24),
    ),
    Item(
        "MV-SRV-3Y",
        "Mirrorvault Server, three years",
        "Image backup of one server at the price of today.",
        "server",
        THREE_YEARS,
        {"EUR": price("890.00", "651.00", "13.5"), "USD": price("965.00", "706.00", "13.5")},
        (2, 12),
    ),
    Item(
        "MV-ONB",
        "Onboarding workshop",
        "One day with a Halvorne engineer: plan, pilot, first restore.",
        "day",
        ONCE,
        {"EUR": price("1450.00", "1080.00", "20"), "USD": price("1600.00", "1190.00", "20")},
        (1, 3),
        group=1,
    ),
)

PARAMETERS = (
    Parameter("aboutYou", "Who is protected", "Whom the backup belongs to.", "Heading", required=False),
    Parameter(
        "companyName",
        "Company name",
        "As it appears on the restore certificate.",
        "SingleLineText",
        options={"minChar": 2, "maxChar": 120, "placeholderText": "Company Ltd"},
        sample=company,
    ),
    Parameter(
        "technicalContact",
        "Technical contact",
        "Receives the keys to the vault, and is called when a restore fails.",
        "Contact",
        options={"defaultValue": "CurrentlySignedInUser", "phoneMandatory": True},
        sample=contact,
    ),
    Parameter(
        "vaultName",
        "Vault name",
        "The address of the vault. It cannot be changed later.",
        "Subdomain",
        group=1,
        options={"domainSuffix": ".mirrorvault.example", "hintText": "Letters, digits, hyphens"},
        sample=subdomain,
    ),
    Parameter(
        "region",
        "Region",
        "Where the copies are kept.",
        "DropDown",
        group=1,
        options=options(
            "eu-central",
            "eu-north",
            "us-east",
            "us-west",
            labels={
                "eu-central": "Frankfurt",
                "eu-north": "Stockholm",
                "us-east": "Ashburn",
                "us-west": "Portland",
            },
        ),
        sample=lambda rng, licensee, at: "eu-central" if licensee.seller.currency == "EUR" else "us-east",
    ),
    Parameter(
        "retention",
        "Retention",
        "How long a copy is kept.",
        "Choice",
        group=1,
        options=options("30 days", "1 year", "7 years", defaultValue="1 year"),
        sample=chosen("30 days", "1 year", "1 year", "7 years"),
    ),
    Parameter(
        "migrationNotes",
        "Notes on the move",
        "What we should know about the backup you have today.",
        "MultiLineText",
        group=1,
        required=False,
        options={"maxChar": 2000},
        sample=chosen(
            None,
            None,
            "Two tape libraries, to be retired after the first full copy.",
            "Please start with the file servers; mail follows in a second step.",
        ),
    ),
    Parameter(
        "campaignCode",
        "Campaign",
        "Which offer led to the order.",
        "SingleLineText",
        group=1,
        required=False,
        hidden=True,
        sample=chosen(None, None, "SPRING-VAULT"),
    ),
    Parameter(
        "changeReason",
        "Reason for the change",
        "Helps us to plan capacity.",
        "SingleLineText",
        scope="Order",
        context="Change",
        required=False,
        sample=chosen(None, "New starters", "Plant closed", "Yearly review of licences"),
    ),
    told(
        "customerId",
        "Halvorne customer id",
        "SingleLineText",
        "Your id with Halvorne; support asks for it.",
        required=True,
        sample=numbered("HV-", 6),
    ),
    told(
        "activationDate",
        "Vault open since",
        "Date",
        "The day on which the first copy may be written.",
        sample=day(0, 2),
    ),
    told("dueDate", "Fulfilment due", "Date", "When an unanswered order is given up.", sample=day(30, 30)),
    told(
        "vaultSettings",
        "Vault settings",
        "DataObject",
        "What the agents are set up with.",
        options={"objectType": "Json"},
        sample=lambda rng, licensee, at: {"chunkMb": rng.choice((4, 8, 16)), "encrypted": True},
    ),
    told(
        "licenceKey",
        "Licence key",
        "SingleLineText",
        "Enter it in the agent.",
        scope="Subscription",
        sample=numbered("MVK-", 9),
    ),
    told(
        "bookingReference",
        "Booking reference",
        "SingleLineText",
        "Quote it when you arrange the date.",
        scope="Asset",
        sample=numbered("WS-", 5),
    ),
)

PROCESSING = """
# Your vault is being built

Thank you for your order. We are opening **{{ vaultName }}.mirrorvault.example** in region *{{ region }}*,
with copies kept for {{ retention }}.

1. We check the details and reserve storage. This takes minutes, on a busy day up to two hours.
2. {{ technicalContact }} receives the keys.
3. You install the agents. Nothing is billed before the vault is open.
"""

QUERYING = """
# We need your help

One of your answers keeps us from opening the vault. It is marked below, with the reason.
Correct it and press **Process** again; your place in the queue is kept.
"""

CONTACT = """
# Whom may we hand the keys to?

You named **{{ technicalContact }}** as technical contact, and we could not reach that mailbox.
The keys to a vault go to one person only, so we ask rather than guess.

Please correct the contact and process the order again.
"""

COMPLETED = """
# Your vault is open

| | |
|---|---|
| Vault | {{ vaultName }}.mirrorvault.example |
| Customer id | {{ customerId }} |
| Open since | {{ activationDate }} |
| Region | {{ region }} |

Download the agents from the vault's start page. **Restore one file this week**: a backup that was never
restored is a hope.
"""

CHANGED = """
# Changed

Your vault follows the new quantities from now on. Seats that were removed keep their copies for 30 days.
"""

SUBSCRIPTION = """
# Mirrorvault subscription

Licence key: `{{ licenceKey }}`. It renews by itself unless you switch renewal off 14 days before the
commitment ends.
"""

ASSET = """
# Onboarding workshop

Booking reference **{{ bookingReference }}**. Write to workshops@halvorne.example to agree on a date; the day
is yours for twelve months.
"""

MIRRORVAULT = Product(
    id="PRD-5001-0001",
    vendor=HALVORNE,
    name="Mirrorvault Backup",
    short="Backup that is restored every week, so that you know it works.",
    long="Mirrorvault copies mail, files, laptops and servers to a vault of your own, in the region of your "
    "choice, and restores a sample of every copy each week. You see which restores worked, not which "
    "backups ran.",
    website="https://www.halvorne.example/mirrorvault",
    fulfilment="extension",
    code="MV",
    item_groups=(("Protection", "What do you want to protect?"), ("Services", "Shall we help you to start?")),
    items=ITEMS,
    parameter_groups=(("Your organisation", "Who orders?"), ("Your vault", "How shall the vault be built?")),
    parameters=PARAMETERS,
    templates=(
        Template("OrderProcessing", "Building your vault", PROCESSING),
        Template("OrderQuerying", "We need your help", QUERYING),
        Template("OrderQuerying", "Correct the contact", CONTACT, default=False),
        Template("OrderCompleted", "Your vault is open", COMPLETED),
        Template("OrderCompleted", "Change confirmed", CHANGED, default=False),
        Template("Subscription", "Mirrorvault subscription", SUBSCRIPTION),
        Template("Asset", "Onboarding workshop", ASSET),
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
        Document(
            "Data processing agreement",
            "How Halvorne handles personal data.",
            {"en": "https://legal.halvorne.example/dpa/en"},
        ),
    ),
    objection=Objection(
        "technicalContact",
        {
            "firstName": "IT",
            "lastName": "Team",
            "email": "it-team@invalid.example",
            "phone": {"prefix": "+1", "number": "000"},
        },
        "HV-0107",
        "The mailbox does not accept mail. Please name a person who can receive the keys.",
    ),
    default_markup=Decimal("16"),
)
