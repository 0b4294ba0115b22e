"""Inkmarrow Sign: fulfilled by people, and only for holders of a certificate."""

from decimal import Decimal

from entrepot.demo.companies import QUILLMERE
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
    email,
    numbered,
    options,
    price,
    subdomain,
    told,
)

ITEMS = (
    Item(
        "IM-SEAT-M",
        "Inkmarrow seat, monthly",
        "One person who signs or asks for signatures.",
        "user",
        MONTHLY,
        {"EUR": price("11.50", "8.30", "15"), "USD": price("12.50", "9.05", "15")},
        (5, 60),
    ),
    Item(
        "IM-SEAT-Y",
        "Inkmarrow seat, yearly",
        "One person who signs or asks for signatures.",
        "user",
        YEARLY,
        {"EUR": price("115.00", "83.00", "15"), "USD": price("125.00", "90.50", "15")},
        (20, 350),
    ),
    Item(
        "IM-SEAL-Y",
        "Organisation seal, yearly",
        "Signs on behalf of the organisation, without a person.",
        "seal",
        YEARLY,
        {"EUR": price("1490.00", "1120.00", "12"), "USD": price("1620.00", "1220.00", "12")},
        (1, 4),
    ),
    Item(
        "IM-SEAL-3Y",
        "Organisation seal, three years",
        "The same, with a certificate that lasts three years.",
        "seal",
        THREE_YEARS,
        {"EUR": price("3980.00", "2990.00", "11.5"), "USD": price("4320.00", "3250.00", "11.5")},
        (1, 3),
    ),
    Item(
        "IM-IDENT",
        "Identification of signers",
        "Video identification of fifty people.",
        "pack",
        ONCE,
        {"EUR": price("640.00", "480.00", "20"), "USD": price("695.00", "522.00", "20")},
        (1, 8),
        group=1,
    ),
)

PARAMETERS = (
    Parameter(
        "legalName",
        "Legal name",
        "As in the register: it becomes part of every seal.",
        "SingleLineText",
        options={"minChar": 3, "maxChar": 160},
        sample=company,
    ),
    Parameter(
        "dataOfficer",
        "Data protection officer",
        "Confirms the order to us once, by telephone.",
        "Contact",
        options={"defaultValue": "Buyer", "phoneMandatory": False},
        sample=contact,
    ),
    Parameter(
        "archiveEmail",
        "Archive",
        "Receives a copy of every signed document.",
        "Email",
        options={"placeholderText": "archive@company.example"},
        sample=email,
    ),
    Parameter(
        "portalName",
        "Signing page",
        "Where signers land.",
        "Subdomain",
        group=1,
        options={"domainSuffix": ".inkmarrow.example"},
        sample=subdomain,
    ),
    Parameter(
        "law",
        "Applicable law",
        "Decides which kind of signature is made.",
        "DropDown",
        group=1,
        options=options("EU", "CH", "US", labels={"EU": "European Union", "CH": "Switzerland", "US": "United States"}),
        sample=lambda rng, licensee, at: "EU" if licensee.seller.currency == "EUR" else "US",
    ),
    Parameter(
        "keepYears",
        "Kept for",
        "How long evidence is kept.",
        "Choice",
        group=1,
        options=options("6 years", "10 years", "30 years", defaultValue="10 years"),
        sample=chosen("6 years", "10 years", "30 years"),
    ),
    Parameter(
        "startDate",
        "Wanted from",
        "We need five working days.",
        "Date",
        group=1,
        required=False,
        options={"dateRange": False},
        sample=day(7, 40),
    ),
    Parameter(
        "purchaseNote",
        "Reference",
        "Printed on our letters.",
        "SingleLineText",
        scope="Order",
        required=False,
        sample=chosen(None, "Digital ward programme", "Consent forms"),
    ),
    told(
        "accountNumber",
        "Quillmere account",
        "SingleLineText",
        "Your account with the trust service.",
        required=True,
        sample=numbered("QTS-", 6),
    ),
    told(
        "sealCertificate",
        "Seal certificate",
        "DataObject",
        "The public part of the certificate.",
        options={"objectType": "Json"},
        sample=lambda rng, licensee, at: {"serial": f"{rng.randrange(16**12):012x}", "policy": "qualified"},
    ),
    told(
        "seatKey",
        "Seat key",
        "SingleLineText",
        "Enter it on the signing page.",
        scope="Subscription",
        sample=numbered("IMS-", 7),
    ),
    told(
        "voucher",
        "Voucher",
        "SingleLineText",
        "Hand it to the people who are identified.",
        scope="Asset",
        sample=numbered("IDV-", 6),
    ),
)

PROCESSING = """
# We are checking your organisation

Seals are made by people, for people. Our trust desk compares **{{ legalName }}** with the register and calls
{{ dataOfficer }}. Please allow up to three working days.
"""

QUERYING = """
# The register says something else

We could not confirm one of your answers. It is marked below. Please correct it, or write to
trustdesk@quillmere.example if the register is wrong.
"""

COMPLETED = """
# Ready to sign

Your signing page is **{{ portalName }}.inkmarrow.example**, your account {{ accountNumber }}.
Signatures follow the law of: {{ law }}. Evidence is kept for {{ keepYears }}.
"""

CHANGED = """
# Changed

Account {{ accountNumber }} follows the new quantities. Documents that wait for a signature are not affected.
"""

SUBSCRIPTION = """
# Inkmarrow subscription

Key: `{{ seatKey }}`
"""

ASSET = """
# Identification of signers

Voucher {{ voucher }}, valid for twelve months.
"""

INKMARROW = Product(
    id="PRD-5002-0002",
    vendor=QUILLMERE,
    name="Inkmarrow Sign",
    short="Signatures and seals that a court accepts.",
    long="Inkmarrow makes advanced and qualified signatures, seals for organisations, and keeps the evidence "
    "for up to thirty years. It is sold to organisations that were admitted to the Regulated Signatures "
    "programme.",
    website="https://www.quillmere.example/inkmarrow",
    fulfilment="manual",
    code="IM",
    item_groups=(("Seats and seals", "Who signs?"), ("Services", "Who must be identified?")),
    items=ITEMS,
    parameter_groups=(("Your organisation", "Who are you?"), ("Signing", "How is signed?")),
    parameters=PARAMETERS,
    templates=(
        Template("OrderProcessing", "Checking your organisation", PROCESSING),
        Template("OrderQuerying", "The register says something else", QUERYING),
        Template("OrderCompleted", "Ready to sign", COMPLETED),
        Template("OrderCompleted", "Change confirmed", CHANGED, default=False),
        Template("Subscription", "Inkmarrow subscription", SUBSCRIPTION),
        Template("Asset", "Identification of signers", ASSET),
    ),
    terms=(
        Document(
            "Quillmere trust service terms",
            "The rules of the trust service.",
            {"en": "https://www.quillmere.example/legal/trust-en"},
        ),
    ),
    objection=Objection("legalName", "Pellworth", "QM-77", "The register knows no organisation of this name."),
    default_markup=Decimal("15"),
    partners=False,
)
