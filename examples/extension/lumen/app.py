"""The extension: what of the marketplace it wants to hear, and who answers."""

from mpt_extension_sdk import ExtensionApp

from lumen.orders import router

ext_app = ExtensionApp(prefix="/lumen", version="1.0.0")
ext_app.include_router(router)
