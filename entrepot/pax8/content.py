"""What a request says, in its query and in its body: read with care, all faults told at once.

The wrong type is a 400; what has the right type and is not right is for the rules to say, and a 422.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from entrepot.kernel.wire import to_moment
from entrepot.pax8.errors import BadRequest, Unprocessable

TEXT_MAX = 20_000
WHOLE_MAX = 2**31 - 1
_OFFSET = re.compile(r"([+-]\d\d)(\d\d)$")


class Faults:
    """What is wrong with one request."""

    def __init__(self) -> None:
        self.types: dict[str, list[str]] = {}
        self.rules: dict[str, list[str]] = {}

    def wrong_type(self, name: str, words: str) -> None:
        """The field is not what it has to be."""
        self.types.setdefault(name, []).append(words)

    def wrong(self, name: str, words: str) -> None:
        """The field is readable and not right."""
        self.rules.setdefault(name, []).append(words)

    def stop(self, what: str) -> None:
        """Raises BadRequest or Unprocessable where there are any; `what` was to be read."""
        if self.types:
            raise BadRequest(self.types)
        if self.rules:
            raise Unprocessable(f"Invalid {what}", self.rules)


class Content:
    """One object of a body."""

    def __init__(self, raw: object, faults: Faults, path: str = ""):
        self.faults, self._path = faults, path
        self._raw: Mapping[str, Any] = raw if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            faults.wrong_type(path.rstrip(".") or "body", "An object was expected.")

    def __contains__(self, name: str) -> bool:
        return self._raw.get(name) is not None

    def path(self, name: str) -> str:
        """The name of a field, from the top of the body."""
        return f"{self._path}{name}"

    def wrong(self, name: str, words: str) -> None:
        """A field of this object is not right."""
        self.faults.wrong(self.path(name), words)

    def text(self, *names: str, required: bool = False) -> str | None:
        """A text under the first of the names that is there."""
        name = next((each for each in names if each in self), names[0])
        value = self._raw.get(name)
        if value is None:
            if required:
                self.wrong(name, "A text is required.")
            return None
        if not isinstance(value, str):
            self.faults.wrong_type(self.path(name), "A text was expected.")
            return None
        if len(value) > TEXT_MAX or "\0" in value or not _encodable(value):
            self.faults.wrong_type(self.path(name), f"A text of at most {TEXT_MAX} characters was expected.")
            return None
        if required and not value.strip():
            self.wrong(name, "A text is required.")
        return value

    def flag(self, name: str, *, required: bool = False) -> bool | None:
        """True or false."""
        value = self._raw.get(name)
        if value is None and required:
            self.wrong(name, "True or false is required.")
        if value is not None and not isinstance(value, bool):
            self.faults.wrong_type(self.path(name), "True or false was expected.")
            return None
        return value

    def whole(self, name: str, *, required: bool = False) -> int | None:
        """A whole number."""
        value = self._raw.get(name)
        if value is None:
            if required:
                self.wrong(name, "A whole number is required.")
            return None
        if isinstance(value, Decimal) and value.is_finite() and abs(value) <= WHOLE_MAX and value == int(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > WHOLE_MAX:
            self.faults.wrong_type(self.path(name), "A whole number was expected.")
            return None
        return value

    def decimal(self, name: str) -> Decimal | None:
        """A number."""
        value = self._raw.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            if value is not None:
                self.faults.wrong_type(self.path(name), "A number was expected.")
            return None
        return Decimal(value)

    def moment(self, name: str) -> datetime | None:
        """A day or a moment; a day begins in UTC."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return moment_of(value)
        except ValueError:
            self.faults.wrong_type(self.path(name), "A date such as 2026-03-01 or 2026-03-01T00:00:00Z was expected.")
            return None

    def object(self, name: str, *, required: bool = False) -> "Content | None":
        """An object below this one."""
        if name not in self:
            if required:
                self.wrong(name, "An object is required.")
            return None
        return Content(self._raw[name], self.faults, f"{self.path(name)}.")

    def objects(self, name: str) -> Iterator["Content"]:
        """The objects of a list."""
        value = self._raw.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            self.faults.wrong_type(self.path(name), "A list was expected.")
            return
        for at, each in enumerate(value):
            yield Content(each, self.faults, f"{self.path(name)}[{at}].")

    def texts(self, name: str) -> list[str]:
        """A list of texts; a lone text is a list of one."""
        value = self._raw.get(name)
        if value is None:
            return []
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.faults.wrong_type(self.path(name), "A list of texts was expected.")
            return []
        return value


def moment_of(value: str) -> datetime:
    """`2026-03-01`, `2026-03-01T00:00:00Z`, `2023-08-11T11:33:12.314-0600`. Raises ValueError."""
    return to_moment(_OFFSET.sub(r"\1:\2", value.strip()) if "T" in value else value)


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class Asked:
    """The query of a request. What is not asked for by name is ignored: clients send much that means nothing."""

    def __init__(self, pairs: Mapping[str, str]):
        self._pairs = pairs
        self.faults = Faults()

    def text(self, *names: str) -> str | None:
        """The value under the first of the names that is there and not empty."""
        for name in names:
            value = self._pairs.get(name, "").strip()
            if value:
                if len(value) > 1000 or "\0" in value or not _encodable(value):
                    self.faults.wrong_type(name, "A text of at most 1000 characters was expected.")
                    return None
                return value
        return None

    def flag(self, name: str) -> bool | None:
        """True or false, however it is written."""
        value = self.text(name)
        if value is None:
            return None
        found = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(value.lower())
        if found is None:
            self.faults.wrong_type(name, "True or false was expected.")
        return found

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number within its bounds."""
        value = self.text(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?[0-9]{1,12}", value) or not least <= int(value) <= most:
            self.faults.wrong_type(name, f"A whole number from {least} to {most} was expected.")
            return default
        return int(value)

    def among(self, name: str, words: Mapping[str, str] | tuple[str, ...]) -> str | None:
        """One of a closed set, compared without case; through a mapping, what it stands for."""
        value = self.text(name)
        if value is None:
            return None
        known = words if isinstance(words, Mapping) else {each.lower(): each for each in words}
        found = known.get(value.lower())
        if found is None:
            told = dict.fromkeys(words.values() if isinstance(words, Mapping) else words)
            self.faults.wrong_type(name, f"One of {', '.join(told)} was expected.")
        return found

    def day(self, name: str) -> date | None:
        """A calendar day."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return moment_of(value).astimezone(UTC).date()
        except ValueError:
            self.faults.wrong_type(name, "A date such as 2026-03-01 was expected.")
            return None

    def sort(self, *names: str) -> tuple[str, bool] | None:
        """`name,desc`: by what, and whether it descends. The way may stand apart, as `order` or `sortDirection`."""
        value = self.text("sort")
        if value is None:
            return None
        name, _, way = value.partition(",")
        way = (way or self.text("order", "sortDirection", "sort_direction") or "asc").strip().lower()
        known = {each.lower(): each for each in names}
        if name.strip().lower() not in known or way not in ("asc", "desc"):
            self.faults.wrong_type("sort", f"One of {', '.join(names)}, followed by ,asc or ,desc, was expected.")
            return None
        return known[name.strip().lower()], way == "desc"

    def stop(self) -> None:
        """Raises BadRequest for what was wrong so far."""
        self.faults.stop("query")
