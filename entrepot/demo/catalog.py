"""The catalogue of the demo world: units, products and everything that belongs to them."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from entrepot.demo.companies import FOUNDER, HALVORNE, QUILLMERE
from entrepot.demo.product import Item, Parameter, Product
from entrepot.demo.products import PRODUCTS
from entrepot.demo.world_file import Event, Line, audit, child, line, months_later, ref

UNITS = {
    "user": ("UNT-1001", "A person with a seat of their own"),
    "device": ("UNT-1002", "A computer or telephone"),
    "server": ("UNT-1003", "A physical or virtual server"),
    "workspace": ("UNT-1004", "A separate environment"),
    "seal": ("UNT-1005", "A certificate of an organisation"),
    "day": ("UNT-1006", "Eight hours of an engineer"),
    "pack": ("UNT-1007", "A fixed amount of work"),
}

MANAGERS = {HALVORNE: "USR-2000-0001", QUILLMERE: "USR-2000-0003"}


def catalog(now: datetime) -> Iterator[Line]:
    """Units of measure and the products, all of them published."""
    for name, (id, description) in UNITS.items():
        yield line(
            "catalog/units-of-measure",
            id,
            name=name,
            description=description,
            audit=audit({"created": (months_later(now, -30), FOUNDER)}),
        )
    for number, product in enumerate(PRODUCTS):
        yield from _product(product, months_later(now, -30 + number))


def product_manager(product: Product) -> str:
    """The vendor's user who looks after the product."""
    return MANAGERS[product.vendor]


def _product(product: Product, made: datetime) -> Iterator[Line]:
    created = {"created": (made, product_manager(product))}
    published = {
        **created,
        "pending": (months_later(made, 1), product_manager(product)),
        "published": (months_later(made, 1), FOUNDER),
    }
    yield line(
        "catalog/products",
        product.id,
        name=product.name,
        shortDescription=product.short,
        longDescription=product.long,
        website=product.website,
        vendor=ref(product.vendor),
        status="Published",
        externalIds={"operations": f"TKD-{product.code}"},
        settings=_settings(product),
        audit=audit(published),
    )
    yield from _groups(product, created)
    yield from _parameters(product, created)
    yield from _items(product, published)
    yield from _templates(product, created)
    yield from _terms(product, published)


def _settings(product: Product) -> Line:
    fulfilment = {"mode": product.fulfilment}
    if product.fulfilment == "automatic":
        fulfilment["delay"] = "PT5S"
    return {
        "productOrdering": True,
        "itemSelection": False,
        "orderQueueChanges": False,
        "productRequests": {"enabled": False},
        "preValidation": {
            "purchaseOrderDraft": False,
            "purchaseOrderQuerying": False,
            "changeOrderDraft": False,
            "configurationOrderDraft": False,
            "terminationOrder": False,
            "productRequest": False,
        },
        "splitBilling": {"enabled": False},
        "subscriptionCessation": {"enabled": True, "mode": "Termination or auto-renewal"},
        "fulfilment": fulfilment,
    }


def _groups(product: Product, events: Mapping[str, Event]) -> Iterator[Line]:
    for number, (name, label) in enumerate(product.item_groups, 1):
        yield line(
            f"catalog/products/{product.id}/item-groups",
            child("IGR", product.id, number),
            name=name,
            label=label,
            description=label,
            displayOrder=number * 10,
            default=number == 1,
            multiple=True,
            required=False,
            product=ref(product.id),
            audit=audit(events),
        )
    for number, (name, label) in enumerate(product.parameter_groups, 1):
        yield line(
            f"catalog/products/{product.id}/parameter-groups",
            child("PGR", product.id, number),
            name=name,
            label=label,
            description=label,
            displayOrder=number * 10,
            default=number == 1,
            product=ref(product.id),
            audit=audit(events),
        )


def _parameters(product: Product, events: Mapping[str, Event]) -> Iterator[Line]:
    for number, parameter in enumerate(product.parameters, 1):
        yield line(
            f"catalog/products/{product.id}/parameters",
            product.parameter_id(parameter),
            name=parameter.name,
            description=parameter.description,
            externalId=parameter.external_id,
            scope=parameter.scope,
            phase=parameter.phase,
            context=parameter.context,
            type=parameter.type,
            group=_group(product, parameter),
            options={"name": parameter.name, **parameter.options},
            multiple=False,
            constraints={
                "hidden": parameter.hidden,
                "readonly": parameter.readonly,
                "required": parameter.required,
            },
            displayOrder=number * 10,
            status="Active",
            product=ref(product.id),
            audit=audit(events),
        )


def _group(product: Product, parameter: Parameter) -> Line | None:
    """Only what is asked in the wizard has a step of its own."""
    if parameter.phase != "Order" or parameter.group is None:
        return None
    return ref(child("PGR", product.id, parameter.group + 1))


def _items(product: Product, events: Mapping[str, Event]) -> Iterator[Line]:
    for number, item in enumerate(product.items, 1):
        yield line(
            "catalog/items",
            product.item_id(item),
            product=ref(product.id),
            name=item.name,
            description=item.description,
            group=ref(child("IGR", product.id, item.group + 1)),
            unit=ref(UNITS[item.unit][0]),
            terms=item.terms.wire(),
            quantityNotApplicable=False,
            settings=_seats(product, item),
            externalIds={"vendor": item.sku, "operations": f"TKD-{product.code}-{number:03d}"},
            parameters=[
                {"id": product.parameter_id(product.parameter(name)), "value": value}
                for name, value in item.parameters.items()
            ],
            status="Published",
            audit=audit(events),
        )


def _seats(product: Product, item: Item) -> Line | None:
    """What the vendor declares of seats; what an item requires is declared by its number."""
    required = [product.item_id(each) for each in product.items if each.sku in item.requires]
    return {**item.seats, **({"requires": [ref(each) for each in required]} if required else {})} or None


def _templates(product: Product, events: Mapping[str, Event]) -> Iterator[Line]:
    for number, template in enumerate(product.templates, 1):
        yield line(
            f"catalog/products/{product.id}/templates",
            child("TPL", product.id, number),
            name=template.name,
            type=template.type,
            content=product.text(template),
            default=template.default,
            product=ref(product.id),
            audit=audit(events),
        )


def _terms(product: Product, events: Mapping[str, Event]) -> Iterator[Line]:
    for number, document in enumerate(product.terms, 1):
        terms_id = child("TCS", product.id, number)
        yield line(
            f"catalog/products/{product.id}/terms",
            terms_id,
            name=document.name,
            description=document.description,
            displayOrder=number * 10,
            status="Published",
            product=ref(product.id),
            audit=audit(events),
        )
        for variant, (language, url) in enumerate(document.variants.items(), 1):
            yield line(
                f"catalog/products/{product.id}/terms/{terms_id}/variants",
                child("TCV", terms_id, variant),
                name=f"{document.name} ({language})",
                description=document.description,
                type="Online",
                languageCode=language,
                assetUrl=url,
                status="Published",
                termsAndConditions=ref(terms_id),
                audit=audit(events),
            )
