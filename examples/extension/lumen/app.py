"""The extension: what of the marketplace it wants to hear, what it does by the clock, and who answers."""

from mpt_extension_sdk import ExtensionApp

from lumen import orders, usage

ext_app = ExtensionApp(prefix="/lumen", version="1.0.0")
ext_app.include_router(orders.router)
ext_app.include_router(usage.router)
