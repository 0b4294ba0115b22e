"""The tables: an order with its lines, and what it refers to."""

import secrets

from django.db import models


def _id(prefix: str) -> str:
    digits = f"{secrets.randbelow(10**12):012d}"
    return f"{prefix}-{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def order_id() -> str:
    return _id("ORD")


def agreement_id() -> str:
    return _id("AGR")


class Named(models.Model):
    """What others refer to: an id and a name, and mostly a state."""

    id = models.CharField(primary_key=True, max_length=40)
    name = models.CharField(max_length=255)
    status = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        abstract = True


class Account(Named):
    type = models.CharField(max_length=20)


class Buyer(Named):
    account = models.ForeignKey(Account, models.PROTECT)


class Seller(Named):
    pass


class Licensee(Named):
    account = models.ForeignKey(Account, models.PROTECT)
    buyer = models.ForeignKey(Buyer, models.PROTECT)
    seller = models.ForeignKey(Seller, models.PROTECT)


class Product(Named):
    vendor = models.ForeignKey(Account, models.PROTECT)


class Item(Named):
    product = models.ForeignKey(Product, models.PROTECT)
    unit_pp = models.DecimalField(max_digits=20, decimal_places=5)
    unit_sp = models.DecimalField(max_digits=20, decimal_places=5)


class Listing(models.Model):
    id = models.CharField(primary_key=True, max_length=40)
    product = models.ForeignKey(Product, models.PROTECT)
    seller = models.ForeignKey(Seller, models.PROTECT)
    currency = models.CharField(max_length=3)


class Agreement(Named):
    id = models.CharField(primary_key=True, max_length=40, default=agreement_id)
    client = models.ForeignKey(Account, models.PROTECT)
    product = models.ForeignKey(Product, models.PROTECT)
    licensee = models.ForeignKey(Licensee, models.PROTECT)


class Order(models.Model):
    id = models.CharField(primary_key=True, max_length=40, default=order_id)
    revision = models.IntegerField(default=1)
    type = models.CharField(max_length=20)
    status = models.CharField(max_length=20)
    notes = models.TextField(blank=True, default="")
    external_ids = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)
    agreement = models.ForeignKey(Agreement, models.PROTECT)
    product = models.ForeignKey(Product, models.PROTECT)
    licensee = models.ForeignKey(Licensee, models.PROTECT)
    client = models.ForeignKey(Account, models.PROTECT, related_name="+")
    vendor = models.ForeignKey(Account, models.PROTECT, related_name="+")
    buyer = models.ForeignKey(Buyer, models.PROTECT)
    seller = models.ForeignKey(Seller, models.PROTECT)
    listing = models.ForeignKey(Listing, models.PROTECT)
    currency = models.CharField(max_length=3)
    sp_x1 = models.DecimalField(max_digits=20, decimal_places=5, default=0)
    sp_xm = models.DecimalField(max_digits=20, decimal_places=5, default=0)
    sp_xy = models.DecimalField(max_digits=20, decimal_places=5, default=0)

    class Meta:
        indexes = [models.Index(fields=["client", "status", "-created"], name="of_client")]


class OrderLine(models.Model):
    id = models.BigAutoField(primary_key=True)
    number = models.CharField(max_length=40)
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    item = models.ForeignKey(Item, models.PROTECT)
    quantity = models.IntegerField()
    old_quantity = models.IntegerField(default=0)
    unit_sp = models.DecimalField(max_digits=20, decimal_places=5, null=True)
    sp_xy = models.DecimalField(max_digits=20, decimal_places=5, null=True)
