"""A postal address, as accounts, buyers, licensees and sellers have one."""

ADDRESS = {
    "type": "object",
    "properties": {
        "addressLine1": {"examples": ["Marktgasse 1"]},
        "addressLine2": {},
        "postCode": {"examples": ["3011"]},
        "city": {"examples": ["Bern"]},
        "state": {"examples": ["BE"]},
        "country": {"examples": ["CH"]},
    },
}
"""Its members are texts where somebody gave them; only that it is an object is held."""
