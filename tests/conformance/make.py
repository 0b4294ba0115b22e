"""Writes facts.json from the published document, where it is there, and docs/conformance.md from the table."""

from pathlib import Path

from tests.conformance.differences import DIFFERENCES
from tests.conformance.facts import FILE, PUBLISHED, laid_out, published

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"

HEAD = """# Where the API differs from the platform's own document

The platform published an OpenAPI document in May 2025 (v4). Every answer here is what that document says, but for this
table, which tests hold to be complete and free of what no longer holds. *Not there*: the published document does not
have it. *Not here*: this API does not. Made by `make facts`.
"""


def page() -> str:
    """The table, to read."""
    parts = [HEAD]
    for reason, lines in DIFFERENCES.items():
        parts.append(f"## {reason}\n")
        parts.append("\n".join(f"- `{line.strip()}`" for line in lines.strip().splitlines()) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    if PUBLISHED.exists():
        FILE.write_text(laid_out(published()))
    PAGE.write_text(page())
