"""The four workflows of the page on order management, as prompts."""

from entrepot.mcp.parameter import Parameter
from entrepot.mcp.tool import Prompt

COMPANY = Parameter("company_name", "The client, by name or part of it.", required=True)
ORDER = Parameter("uuid", "The UUID of the order.", required=True)

FIND = (
    'Find the company UUID using pax8-list-companies with company_name="{company_name}". If several match, ask which.'
)

PROMPTS = (
    Prompt(
        "track-order-provisioning-status",
        "Track order provisioning status",
        "Where an order stands, and what each of its lines waits for.",
        """\
Track the provisioning status of order {uuid}.
1. Call pax8-get-order-by-uuid with uuid={uuid}.
2. Check the status field for the current state: PendingApproval waits for the partner's approval, Submitted is not
   placed yet, Processing is being provisioned, PendingManual waits for a person at the vendor, Completed has its
   subscriptions, Failed and Cancelled are over.
3. Review each line item for product details, quantity, and its own status; where there is a statusReason, tell it.
4. If status is not Completed, Failed or Cancelled, check back periodically, and tell what it waits for meanwhile.""",
        (ORDER,),
    ),
    Prompt(
        "view-order-history",
        "View order history for a client",
        "All orders of a company, with dates, states and lines.",
        f"""\
Show the order history of {{company_name}}.
1. {FIND}
2. Call pax8-list-orders with that companyId and size=200.
3. Paginate until page.number is page.totalPages - 1, to get all orders.
4. Review order dates, statuses and line items; name the products with pax8-get-product-by-uuid, each product once.""",
        (COMPANY,),
    ),
    Prompt(
        "verify-order-subscriptions",
        "Verify that an order created subscriptions",
        "Whether a completed order led to the subscriptions that were asked for.",
        """\
Verify that order {uuid} created its subscriptions.
1. Call pax8-get-order-by-uuid with uuid={uuid}. Go on only once it shows Completed.
2. Call pax8-list-subscriptions with its companyId, all pages; look for subscriptions matching the ordered product ids.
   A line item's subscriptionId names its subscription; one-time products have none.
3. Verify that quantities and billing terms match the original order, and that the subscriptions are Active. Tell every
   difference.""",
        (ORDER,),
    ),
    Prompt(
        "verify-onboarding-orders",
        "Verify the onboarding orders of a client",
        "Whether everything that a new client needs was ordered, delivered, and is active.",
        f"""\
{{company_name}} is a new client. Verify that the standard stack was ordered: {{products}}.
1. {FIND}
2. Call pax8-list-orders with the companyId and size=200.
3. Check that orders exist for the expected products (name them with pax8-get-product-by-uuid).
4. Verify that each order reached Completed status.
5. Cross-reference with pax8-list-subscriptions for the companyId, to confirm active subscriptions. Tell what is
   missing, and what is still on its way.""",
        (
            COMPANY,
            Parameter("products", "What is expected.", default="Microsoft 365, a security product, a backup"),
        ),
    ),
)
