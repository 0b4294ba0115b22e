"""What the extension is told when it starts."""

import os
from dataclasses import dataclass
from typing import Self, override

from mpt_extension_sdk.settings.extension import BaseExtensionSettings


@dataclass(frozen=True)
class ExtensionSettings(BaseExtensionSettings):
    """Which product it fulfils."""

    product_id: str

    @override
    @classmethod
    def load(cls) -> Self:
        return cls(product_id=os.environ.get("LUMEN_PRODUCT", "PRD-7101-0001"))
