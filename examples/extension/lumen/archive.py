"""The vendor's own system, as far as this example needs it: tenants, and how many seats each has.

A real one would be asked over its API. This one makes its numbers of what it is given, so that asking twice gives
the same tenant: the marketplace may tell of an order more than once.
"""

import hashlib

REGIONS = {"eu": "Frankfurt", "us": "Virginia"}


def tenant_of(agreement_id: str, region: str) -> str:
    """The tenant of an agreement, made on first use."""
    digest = hashlib.sha256(agreement_id.encode()).hexdigest()
    return f"lumen-{region}-{digest[:8]}"
