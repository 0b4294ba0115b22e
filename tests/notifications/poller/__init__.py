"""A vendor's extension on the SDK of 2025, as its makers would write it: it polls, fulfils, and validates."""
