"""Terms in Pax8's words: how often one pays, and for how long one is bound."""

from collections.abc import Mapping

BILLING = {"1m": "Monthly", "1y": "Annual", "2y": "2-Year", "3y": "3-Year", "one-time": "One-Time"}
"""How often, by the period of an item."""

COMMITMENT = {"1m": "Monthly", "1y": "1-Year", "2y": "2-Year", "3y": "3-Year", "4y": "4-Year", "5y": "5-Year"}
MONTHS = {"1m": 1, "1y": 12, "2y": 24, "3y": 36, "4y": 48, "5y": 60}
"""For how long, by the commitment of an item."""

TERMS = ("Monthly", "Annual", "2-Year", "3-Year", "One-Time", "Trial", "Activation")

SPELLINGS: Mapping[str, str] = {each.lower(): each for each in TERMS} | {
    "two-year": "2-Year",
    "three-year": "3-Year",
    "2 year": "2-Year",
    "3 year": "3-Year",
    "1 year": "Annual",
    "1-year": "Annual",
    "yearly": "Annual",
    "one time": "One-Time",
    "triennial": "3-Year",
}
"""Every way in which clients write them, in lower case."""

PERIODS = {term: period for period, term in BILLING.items()}
