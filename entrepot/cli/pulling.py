"""Copies what a token sees of a Marketplace API, wherever it is served, into the lines of a world file.

What is asked for follows from the declarations: each collection, the collections below each thing in it, the files.
A field that the other side does not give is left out, and takes on what the API would have given it. A thing that
only stands in references, because the token does not see it, becomes a line with what the references tell of it.
"""

import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.message import Message
from http import HTTPStatus
from typing import Any

import httpx2

from entrepot.kernel.field import Field
from entrepot.kernel.identity import IDENTITY, SERVICES
from entrepot.kernel.noun import Noun, Nouns
from entrepot.kernel.store_form import Family, Form, Forms
from entrepot.kernel.wire import decode, encode

PAGE = 100
"""The most that the platform gives at once (platform spec 0)."""
ATTEMPTS = 5
WAIT_S, WAIT_S_MAX = 0.5, 30.0
"""How long to wait before the next attempt, and the longest."""
TIMEOUT_S = 60.0
CLOSED = frozenset((HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED))
"""How a collection answers that is not for this token, or not there at all."""

Tell = Callable[[str], None]
Document = Mapping[str, Any]


class PullError(Exception):
    """The other side cannot be read; the message is for the person."""


class Pull:
    """One copy, with what it has seen so far. `tell` is told what was left out, and why."""

    def __init__(self, url: str, token: str, nouns: Nouns, forms: Forms, tell: Tell, *, wait_s: float = WAIT_S):
        root = re.sub(r"(/public(/v1)?)?/*$", "", url.strip())
        self._http = httpx2.Client(
            base_url=root, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT_S, follow_redirects=True
        )
        self._nouns, self._tell, self._wait_s = nouns, tell, wait_s
        self._forms = {form.noun.path: form for each in forms for form in _forms_of(each)}
        self._addresses: dict[str, list[str]] = {}
        self._there: dict[str, set[str]] = {path: set() for path in self._forms}
        self._there[IDENTITY.path] = set(SERVICES.values())
        self._named: dict[tuple[str, str], Document] = {}
        self._dropped = 0

    def lines(self) -> Iterator[bytes]:
        """The lines of the world file. Raises PullError."""
        with self._http:
            for form in self._forms.values():
                for address in self._collections(form.noun):
                    for document in self._things(form, address):
                        yield encode(document) + b"\n"
            while missing := [key for key in self._named if key[1] not in self._there.get(key[0], ())]:
                for path, thing_id in missing:
                    line = self._stub(path, thing_id)
                    if line is not None:
                        yield encode(line) + b"\n"
        if self._dropped:
            self._tell(f"{self._dropped:,} references to people and tokens that this token does not see were left out")

    # Asking ----------------------------------------------------------------------------------

    def _collections(self, noun: Noun) -> Sequence[str]:
        """The addresses at which things of a kind are found."""
        if "{" not in noun.path:
            return (noun.path,)
        last = noun.path.rpartition("}/")[2]
        return [f"{above}/{last}" for above in self._addresses.get(noun.owner_field.target, ())]

    def _things(self, form: Form, address: str) -> Iterator[Document]:
        noun = form.noun
        for found in self._single(address) if noun.single else self._pages(form, address):
            thing_id = str(found["id"])
            if thing_id in self._there[noun.path]:
                continue
            self._there[noun.path].add(thing_id)
            if noun.path.startswith("accounts/") and noun.name in ("User", "ApiToken"):
                self._there[IDENTITY.path].add(thing_id)
            here = address if noun.single else f"{address}/{thing_id}"
            self._addresses.setdefault(noun.path, []).append(here)
            yield {"$kind": address, **self._stored(form, found), **self._file(noun, here, found)}

    def _pages(self, form: Form, address: str) -> Iterator[Document]:
        heavy = dict.fromkeys(_heavy(form.noun))
        heavy |= {f"{name}.{each}": None for name, nested in form.nests.items() for each in _heavy(nested.noun)}
        select = f"&select={','.join(heavy)}" if heavy else ""
        offset, total = 0, 1
        while offset < total:
            answer = self._get(f"{address}?limit={PAGE}&offset={offset}&order=id{select}")
            if answer.status_code in CLOSED:
                self._tell(f"{address}: {answer.status_code}, left out")
                return
            page: Any = self._document(answer)
            total, rows = page["$meta"]["pagination"]["total"], page["data"]
            yield from rows
            offset += len(rows) or PAGE

    def _single(self, address: str) -> Iterator[Document]:
        answer = self._get(address)
        if answer.status_code not in CLOSED:
            yield self._document(answer)

    def _get(self, address: str, accept: str = "application/json") -> httpx2.Response:
        path = address if address.startswith("/") else f"/public/v1/{address}"
        wait = self._wait_s
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._http.get(path, headers={"Accept": accept})
            except httpx2.HTTPError as fault:
                if attempt == ATTEMPTS:
                    raise PullError(f"{self._http.base_url} cannot be reached: {fault}") from fault
            else:
                if answer.status_code not in (429, 502, 503, 504) or attempt == ATTEMPTS:
                    return answer
                said = answer.headers.get("retry-after", "")
                wait = min(float(said), WAIT_S_MAX) if said.isdigit() else wait
            time.sleep(wait)
            wait = min(wait * 2, WAIT_S_MAX)
        raise AssertionError("the last attempt returns or raises")

    def _document(self, answer: httpx2.Response) -> Any:
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise PullError("The token is not known there, or no longer valid.")
        if answer.status_code != HTTPStatus.OK:
            raise PullError(f"{answer.url} answered {answer.status_code}: {answer.text[:200]}")
        try:
            return decode(answer.content)
        except ValueError as fault:
            raise PullError(f"{answer.url} did not answer with JSON: {fault}") from fault

    # In store form ---------------------------------------------------------------------------

    def _stored(self, form: Form, found: Document) -> dict[str, object]:
        """A thing as it stands in a world file: what is declared of it, with references as ids."""
        stored: dict[str, object] = {}
        for each in form.noun.all_fields:
            value = _dig(found, each.path)
            kept = None if value is None else self._value(form, each, value)
            if kept is not None:
                here: Any = stored
                for name in each.path[:-1]:
                    here = here.setdefault(name, {})
                here[each.path[-1]] = kept
        return stored

    def _value(self, form: Form, each: Field, value: Any) -> object:
        if each.via or each.kind in ("computed", "counted", "file", "texts"):
            return None
        match each.kind:
            case "ref":
                return self._reference(each, value)
            case "refs":
                return [kept for one in value if (kept := self._reference(each, one))]
            case "part" if each.name in form.nests:
                return [self._stored(form.nests[each.name], one) for one in value]
            case "part":
                return [{"id": one["id"]} for one in value] if each.also else None
            case "bag":
                for one in value:
                    if one.get("id"):
                        self._named.setdefault((each.target, one["id"]), one)
                return value
            case _:
                return value

    def _reference(self, each: Field, value: Document) -> object:
        target = str(value["id"])
        if each.target == IDENTITY.path and target not in self._there[IDENTITY.path]:
            self._dropped += 1
            return None
        if not each.also and each.target in self._forms:
            self._named.setdefault((each.target, target), value)
        return {"id": target}

    def _stub(self, path: str, thing_id: str) -> Document | None:
        """A thing of which only references tell, with the thing that it belongs to, as far as its id says so."""
        self._there.setdefault(path, set()).add(thing_id)
        form, noun = self._forms[path], self._nouns[path]
        line: dict[str, object] = {"$kind": path, **self._stored(form, self._named[path, thing_id])}
        if noun.ids is not None and noun.ids.child_of:
            parent = noun.field(noun.ids.child_of)
            above = self._nouns[parent.target].ids
            assert above is not None
            digits = thing_id.split("-")[1 : above.groups + 1]
            self._reference(parent, {"id": "-".join((above.prefix, *digits))})
            line[parent.name] = {"id": "-".join((above.prefix, *digits))}
        self._tell(f"{path} {thing_id}: only what references tell of it")
        return line

    # Files -----------------------------------------------------------------------------------

    def _file(self, noun: Noun, address: str, found: Document) -> dict[str, object]:
        """The file that a thing holds, as a world file carries it."""
        if noun.file is None:
            return {}
        if noun.file.name == "iconFile":
            at, kind = str(found.get("icon") or ""), "*/*"
            if not at.startswith("/"):
                return {}
        elif found.get("filename") and found.get("contentType"):
            at, kind = address, str(found["contentType"])
        else:
            return {}
        answer = self._get(at, kind)
        if answer.status_code != HTTPStatus.OK:
            self._tell(f"{at}: {answer.status_code}, its file is left out")
            return {}
        told = Message()
        told["content-disposition"] = answer.headers.get("content-disposition", "")
        name = str(found.get("filename") or told.get_filename() or at.rpartition("/")[2])
        return {
            "$file": {
                "name": name,
                "contentType": answer.headers.get("content-type", kind),
                "base64": b64encode(answer.content).decode(),
            }
        }


def _forms_of(each: Form | Family) -> tuple[Form, ...]:
    return (each.head, *each.members) if isinstance(each, Family) else (each,)


def _heavy(noun: Noun) -> Iterator[str]:
    """What lists leave out unless it is selected."""
    return (each.path[0] for each in noun.all_fields if each.heavy)


def _dig(found: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found
