"""What is wrong with a query, said in a way that its author can act upon."""

TOKEN_LENGTH_MAX = 120


class RqlFault(Exception):
    """The query cannot be answered: `token` is the part at fault, `message` says why."""

    def __init__(self, token: str, message: str) -> None:
        # A token of many kilobytes helps nobody, and it travels back; an empty one names nothing.
        self.token = shortened(token, TOKEN_LENGTH_MAX) or "''"
        self.message = message
        super().__init__(self.token, message)

    def __str__(self) -> str:
        return f"{self.token}: {self.message}"


def shortened(text: str, length_max: int) -> str:
    return text if len(text) <= length_max else f"{text[: length_max - 1]}…"
