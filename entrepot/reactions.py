"""What follows from what: work that falls due, and who answers it. One table, on one screen."""

from entrepot.commerce.fulfiller import JOB

JOBS: dict[str, object] = {}
"""Job name to the function that makes it from the doors."""
