"""A tool: what an agent may ask for, told so that it understands, and what comes back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from entrepot.kernel.access import Caller
from entrepot.kernel.errors import Refusal
from entrepot.mcp.parameter import Arguments, Parameter


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool answers: a JSON object, as text; and, in words of its own, what an agent should know about it."""

    body: bytes
    remark: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """Something that can be read. `run(caller, arguments)` raises Refusal for what it does not give."""

    name: str
    title: str
    description: str
    run: Callable[[Caller, Arguments], Awaitable[Said]]
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A way to go about a job with the tools. `{name}` in the text stands for what was given for a parameter."""

    name: str
    title: str
    description: str
    text: str
    parameters: tuple[Parameter, ...] = ()


class Toolset(Protocol):
    """The tools of one address, and how it presents itself."""

    name: str
    title: str
    instructions: str
    prompts: tuple[Prompt, ...]

    def tools(self, caller: Caller) -> tuple[Tool, ...]:
        """What the caller may use, in the order in which it is listed."""
        ...

    def refused(self, refusal: Refusal, tool: str, trace_id: str) -> Said:
        """A refusal as the agent is told."""
        ...

    def stranger(self) -> bytes:
        """The body of a 401."""
        ...
