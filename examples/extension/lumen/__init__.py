"""Lumen Archive, a made-up product, fulfilled by a vendor's program."""
