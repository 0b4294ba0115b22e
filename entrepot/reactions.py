"""What follows from what: work that falls due, and who answers it. One table, on one screen."""

JOBS: dict = {}
"""Job name to the function that makes it from the doors."""
