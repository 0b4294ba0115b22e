"""Invoices and usage: nothing is billed here yet, so their lists are empty, in the shape that they will have."""

from typing import Any

from entrepot.pax8 import company, subscription
from entrepot.pax8.content import Asked
from entrepot.pax8.page import page_of
from entrepot.pax8.partner import Partner, not_found

INVOICE_SORTS = ("invoiceDate", "dueDate", "status", "partnerName", "total", "balance", "carriedBalance")
INVOICE_STATES = ("Unpaid", "Paid", "Void", "Carried", "Nothing Due", "Credited")


async def invoices(partner: Partner, asked: Asked) -> dict[str, Any]:
    """A page of invoices."""
    page = page_of(asked)
    asked.sort(*INVOICE_SORTS)
    asked.among("status", tuple(INVOICE_STATES))
    for name in ("invoiceDate", "invoiceDateRangeStart", "invoiceDateRangeEnd", "dueDate"):
        asked.day(name)
    return await _nothing(partner, asked, page)


async def draft_items(partner: Partner, asked: Asked) -> dict[str, Any]:
    """What the next invoice will hold."""
    page = page_of(asked)
    asked.whole("monthOffset", 1, 0, 1)
    return await _nothing(partner, asked, page)


async def usage_summaries(partner: Partner, uuid: str, asked: Asked) -> dict[str, Any]:
    """What was used of a subscription. Raises Missing for one that is not there."""
    page = page_of(asked)
    asked.sort("resourceGroup", "currentCharges", "partnerTotal")
    asked.stop()
    await subscription.line(partner, uuid)
    return await _nothing(partner, asked, page)


async def _nothing(partner: Partner, asked: Asked, page: Any) -> dict[str, Any]:
    company_uuid = asked.text("companyId")
    asked.stop()
    if company_uuid:
        await company.licensee(partner, company_uuid)
    return page.of([], 0)


async def invoice(uuid: str) -> dict[str, Any]:
    """There is none. Raises Missing."""
    raise not_found("Invoice", uuid)


async def usage_summary(uuid: str) -> dict[str, Any]:
    """There is none. Raises Missing."""
    raise not_found("Usage summary", uuid)


async def usage_lines(uuid: str, asked: Asked) -> dict[str, Any]:
    """There are none: nothing has been used. Raises Missing, or BadRequest for a day that is not said."""
    page_of(asked)
    if asked.day("usageDate") is None and asked.text("usageDate") is None:
        asked.faults.wrong_type("usageDate", "A date such as 2026-02-07 is required.")
    asked.stop()
    raise not_found("Usage summary", uuid)
