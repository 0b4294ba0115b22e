"""The API of orders: a list with a filter, one with its lines and references, and a new one."""

from decimal import Decimal

from dj_rql.drf.backend import RQLFilterBackend
from dj_rql.drf.paginations import RQLLimitOffsetPagination
from dj_rql.filter_cls import RQLFilterClass
from django.db import transaction
from rest_framework import mixins, serializers
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from bench.rival.shop.models import (
    Account,
    Agreement,
    Buyer,
    Item,
    Licensee,
    Listing,
    Order,
    OrderLine,
    Product,
    Seller,
)

REFERENCES = ("agreement", "product", "licensee", "client", "vendor", "buyer", "seller", "listing")


class OrderFilter(RQLFilterClass):
    MODEL = Order
    FILTERS = (
        "id",
        {"filter": "status", "ordering": True},
        {"filter": "type"},
        {"filter": "created", "ordering": True},
        {"filter": "notes", "search": True},
        {"namespace": "product", "filters": ("id", "name")},
        {"namespace": "client", "filters": ("id", "name")},
        {"namespace": "vendor", "filters": ("id", "name")},
        {"namespace": "agreement", "filters": ("id", "name", "status")},
    )


class Pages(RQLLimitOffsetPagination):
    default_limit, max_limit = 100, 1000

    def get_paginated_response(self, data):
        pagination = {"offset": self.offset, "limit": self.limit, "total": self.count}
        return Response({"$meta": {"pagination": pagination}, "data": data})


def reference(model, *fields):
    meta = type("Meta", (), {"model": model, "fields": ("id", *fields)})
    return type(f"{model.__name__}Reference", (serializers.ModelSerializer,), {"Meta": meta})


class LineSerializer(serializers.ModelSerializer):
    id = serializers.CharField(source="number", read_only=True)
    item = reference(Item, "name", "status")(read_only=True)

    class Meta:
        model = OrderLine
        fields = ("id", "item", "quantity", "old_quantity", "unit_sp", "sp_xy")


class OrderSerializer(serializers.ModelSerializer):
    agreement = reference(Agreement, "name", "status")()
    product = reference(Product, "name", "status")()
    licensee = reference(Licensee, "name", "status")()
    client = reference(Account, "name", "type", "status")()
    vendor = reference(Account, "name", "type", "status")()
    buyer = reference(Buyer, "name", "status")()
    seller = reference(Seller, "name", "status")()
    listing = reference(Listing, "currency")()
    price = serializers.SerializerMethodField()

    class Meta:
        model = Order
        fields = ("id", "revision", "type", "status", "notes", "external_ids", *REFERENCES, "price", "created")

    def get_price(self, order):
        return {"currency": order.currency, "SPx1": order.sp_x1, "SPxM": order.sp_xm, "SPxY": order.sp_xy}


class WholeOrderSerializer(OrderSerializer):
    lines = LineSerializer(many=True)

    class Meta(OrderSerializer.Meta):
        fields = (*OrderSerializer.Meta.fields, "parameters", "lines")


class Id(serializers.Serializer):
    id = serializers.CharField()


class NewLine(serializers.Serializer):
    item = Id()
    quantity = serializers.IntegerField(min_value=1)


class NewAgreement(serializers.Serializer):
    licensee = Id()
    product = Id()


class NewOrder(serializers.Serializer):
    type = serializers.ChoiceField(["Purchase"])
    status = serializers.ChoiceField(["Draft", "Quoted", "Processing"])
    agreement = NewAgreement()
    notes = serializers.CharField(required=False, default="", max_length=4000)
    externalIds = serializers.JSONField(required=False, default=dict)
    parameters = serializers.JSONField(required=False, default=dict)
    lines = NewLine(many=True)


class Orders(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Who asks is the account that the header names: finding out who that is is left out."""

    filter_backends = (RQLFilterBackend,)
    rql_filter_class = OrderFilter
    pagination_class = Pages

    def get_queryset(self):
        # One statement for each kind of reference: planning a join of nine tables takes PostgreSQL far longer.
        found = Order.objects.filter(client_id=self.account).prefetch_related(*REFERENCES)
        return found if self.action == "list" else found.prefetch_related("lines__item")

    def get_serializer_class(self):
        return OrderSerializer if self.action == "list" else WholeOrderSerializer

    @property
    def account(self):
        return self.request.headers["Authorization"].removeprefix("Bearer ")

    def create(self, request):
        form = NewOrder(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            order = place(self.account, form.validated_data)
        order = self.get_queryset().get(pk=order.pk)
        return Response(WholeOrderSerializer(order).data, status=201)


def place(account, asked):
    """A new order under a new agreement, with its prices."""
    wanted = asked["agreement"]
    licensee = Licensee.objects.filter(account_id=account, pk=wanted["licensee"]["id"]).first()
    listing = Listing.objects.filter(product_id=wanted["product"]["id"]).select_related("product").first()
    if licensee is None or listing is None or listing.seller_id != licensee.seller_id:
        raise serializers.ValidationError({"agreement": ["There is no such licensee or product."]})
    items = Item.objects.filter(product=listing.product).in_bulk([each["item"]["id"] for each in asked["lines"]])
    missing = [each["item"]["id"] for each in asked["lines"] if each["item"]["id"] not in items]
    if missing:
        raise serializers.ValidationError({"lines": [f"There is no item {each}." for each in missing]})
    agreement = Agreement.objects.create(
        name=f"{listing.product.name} for {licensee.name}",
        status="Draft" if asked["status"] != "Processing" else "Provisioning",
        client_id=account,
        product=listing.product,
        licensee=licensee,
    )
    order = Order(
        type=asked["type"],
        status=asked["status"],
        notes=asked["notes"],
        external_ids=asked["externalIds"],
        parameters=asked["parameters"],
        agreement=agreement,
        product=listing.product,
        licensee=licensee,
        client_id=account,
        vendor_id=listing.product.vendor_id,
        buyer_id=licensee.buyer_id,
        seller_id=licensee.seller_id,
        listing=listing,
        currency=listing.currency,
    )
    lines = []
    for number, each in enumerate(asked["lines"], 1):
        item = items[each["item"]["id"]]
        total = (item.unit_sp * each["quantity"]).quantize(Decimal("0.01"))
        order.sp_xy += total
        lines.append(
            OrderLine(
                number=f"ALI-{agreement.id[4:]}-{number:04d}",
                order=order,
                item=item,
                quantity=each["quantity"],
                unit_sp=item.unit_sp,
                sp_xy=total,
            )
        )
    order.sp_xm = (order.sp_xy / 12).quantize(Decimal("0.01"))
    order.save(force_insert=True)
    OrderLine.objects.bulk_create(lines)
    return order
