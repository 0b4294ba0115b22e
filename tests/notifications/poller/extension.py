"""What it does with orders: purchases are set up, with a question first where there is one; others are carried out."""

import logging

from django.conf import settings
from mpt_extension_sdk.core.extension import Extension
from mpt_extension_sdk.core.security import JWTAuth
from mpt_extension_sdk.flows.pipeline import Pipeline, Step
from mpt_extension_sdk.mpt_http.mpt import (
    complete_order,
    create_order_asset,
    create_subscription,
    fail_order,
    get_agreement,
    get_licensee,
    get_order_subscription_by_external_id,
    get_product_items_by_skus,
    get_product_template_or_default,
    get_rendered_template,
    get_webhook,
    query_order,
    set_processing_template,
    update_agreement,
    update_order,
)
from mpt_extension_sdk.runtime.djapp.conf import get_for_product
from ninja import Body

logger = logging.getLogger(__name__)
ext = Extension()


def ordering(order, external_id):
    return next(each for each in order["parameters"]["ordering"] if each["externalId"] == external_id)


class Prepare(Step):
    """Looks up what it needs to know, and says that it is at work."""

    def __call__(self, client, context, next_step):
        order = context.order
        agreement = get_agreement(client, order["agreement"]["id"])
        licensee = get_licensee(client, agreement["licensee"]["id"])
        logger.info("%s for %s of %s", context, licensee["name"], agreement["product"]["id"])
        template = get_product_template_or_default(client, order["agreement"]["product"]["id"], "Processing")
        set_processing_template(client, context.order_id, {"id": template["id"]})
        get_rendered_template(client, context.order_id)
        next_step(client, context)


class Ask(Step):
    """A note that is a question is put back to the client."""

    def __call__(self, client, context, next_step):
        note = ordering(context.order, "note")
        if context.is_purchase_order() and note.get("value") == "?":
            template = get_product_template_or_default(client, context.order["agreement"]["product"]["id"], "Querying")
            asked = {**note, "error": {"id": "P2", "message": "What do you mean?"}}
            query_order(client, context.order_id, template={"id": template["id"]}, parameters={"ordering": [asked]})
            return
        if note.get("value") == "never":
            fail_order(client, context.order_id, {"id": "P3", "message": "We do not do that."})
            return
        next_step(client, context)


class SetUp(Step):
    """A subscription for the lines that recur, an asset for the others; once, however often it is tried."""

    def __call__(self, client, context, next_step):
        order = context.order
        if not context.is_purchase_order():
            next_step(client, context)
            return
        skus = [line["item"]["externalIds"]["vendor"] for line in order["lines"]]
        items = get_product_items_by_skus(client, order["agreement"]["product"]["id"], skus)
        once = {each["id"] for each in items if each["terms"]["period"] == "one-time"}
        for line in order["lines"]:
            sku = f"{order['id']} {line['id']}"
            thing = {"name": f"{line['item']['name']} by the poller", "lines": [{"id": line["id"]}],
                     "externalIds": {"vendor": sku}}  # fmt: skip
            if line["item"]["id"] in once:
                if not line.get("asset"):
                    create_order_asset(client, context.order_id, thing)
            elif get_order_subscription_by_external_id(client, context.order_id, sku) is None:
                create_subscription(client, context.order_id, thing)
        known = {"externalId": "customerId", "value": f"CUST-{order['agreement']['id']}"}
        update_order(client, context.order_id, externalIds={"vendor": sku}, parameters={"fulfillment": [known]})
        update_agreement(client, order["agreement"]["id"], externalIds={"vendor": known["value"]})
        next_step(client, context)


class Complete(Step):
    """It is done."""

    def __call__(self, client, context, next_step):
        template = get_product_template_or_default(client, context.order["agreement"]["product"]["id"], "Completed")
        complete_order(client, context.order_id, {"id": template["id"]})
        next_step(client, context)


@ext.events.listener("orders")
def process_order(client, event):
    """One order that waits for us."""
    Pipeline(Prepare(), Ask(), SetUp(), Complete()).run(client, event.data)


def jwt_secret(client, claims):
    """The secret of the webhook by which we are called."""
    webhook = get_webhook(client, claims["webhook_id"])
    return get_for_product(settings, "WEBHOOKS_SECRETS", webhook["criteria"]["product.id"])


@ext.api.post("/v1/orders/validate", auth=JWTAuth(jwt_secret))
def validate_order(request, order: dict = Body(...)):  # noqa: B008 - as the SDK's framework has it
    """A client may not be nobody, and gets a price of its own."""
    company = ordering(order, "company")
    company.pop("error", None)
    if company.get("value") == "Nobody":
        company["error"] = {"id": "P1", "message": "Who is that?"}
    if company.get("value") == "Broken":
        return ext.api.create_response(request, {"id": "P0", "message": "The extension broke."}, status=400)
    for line in order["lines"]:
        line["price"]["unitPP"] = 42
    return order
