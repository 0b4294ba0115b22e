"""A toolset as a server of the SDK: names, schemas and results in the protocol's words. Faults are results too."""

import secrets
import time
from typing import Any, Protocol

import structlog
from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListToolsResult,
    PaginatedRequestParams,
    PromptArgument,
    PromptMessage,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Prompt as ListedPrompt
from mcp.types import Tool as ListedTool
from prometheus_client import Histogram

from entrepot.kernel.access import Caller
from entrepot.kernel.errors import Invalid, Missing, Refusal, Unavailable
from entrepot.kernel.wire import encode
from entrepot.mcp.parameter import read_arguments, schema_of
from entrepot.mcp.tool import Prompt, Said, Tool, Toolset

LOG = structlog.get_logger()

VERSION = "1.0.0"

SECONDS = Histogram(
    "entrepot_tool_seconds",
    "Time that a tool took.",
    ("server", "tool", "outcome"),
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)

Context = ServerRequestContext[Any, Any]
Document = dict[str, Any]


class Host(Protocol):
    """What carries a server: it knows who asks, and how an answer is best handed over."""

    async def caller(self, ctx: Context) -> Caller:
        """Whoever asks. Raises Refusal where there is nobody."""
        ...

    def result(self, ctx: Context, said: Said) -> Document:
        """The answer as the SDK takes it."""
        ...


READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


def server_of(toolset: Toolset, host: Host) -> Server[Any]:
    """The server."""

    async def list_tools(ctx: Context, _: PaginatedRequestParams | None) -> Any:
        return ListToolsResult(tools=[_listed(each) for each in toolset.tools(await host.caller(ctx))])

    async def call_tool(ctx: Context, params: CallToolRequestParams) -> Any:
        began = time.perf_counter()
        said, known = await _called(toolset, host, ctx, params)
        outcome = "refused" if said.failed else "done"
        SECONDS.labels(toolset.name, params.name if known else "unknown", outcome).observe(time.perf_counter() - began)
        return host.result(ctx, said)

    async def list_prompts(ctx: Context, _: PaginatedRequestParams | None) -> Any:
        return ListPromptsResult(prompts=[_prompt(each) for each in toolset.prompts])

    async def get_prompt(ctx: Context, params: GetPromptRequestParams) -> Any:
        return _filled(toolset, params)

    return Server(
        toolset.name,
        version=VERSION,
        title=toolset.title,
        instructions=toolset.instructions,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_prompts=list_prompts if toolset.prompts else None,
        on_get_prompt=get_prompt if toolset.prompts else None,
    )


async def _called(toolset: Toolset, host: Host, ctx: Context, params: CallToolRequestParams) -> tuple[Said, bool]:
    """What the tool says, and whether there is such a tool. Nothing that goes wrong leaves here but as a result."""
    known = False
    trace_id = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    try:
        caller = await host.caller(ctx)
        tools = {each.name: each for each in toolset.tools(caller)}
        tool = tools.get(params.name)
        if tool is None:
            raise Missing(f"There is no tool {params.name[:100]}; there is {', '.join(tools)}.")
        known = True
        return await tool.run(caller, read_arguments(tool.parameters, params.arguments or {})), known
    except Refusal as refusal:
        return toolset.refused(refusal, params.name, trace_id), known
    except Exception:
        LOG.exception("tool failed", tool=params.name, trace_id=trace_id)
        failed = Unavailable("Something went wrong on our side; the trace id finds it in the log.")
        return toolset.refused(failed, params.name, trace_id), known


def marked(said: Said, mark: str) -> Document:
    """A result with a mark where the answer belongs, as text and as structured content.

    The SDK would take an answer apart and put it together again several times, and money would become floats. So it is
    handed a mark instead, and the answer, which is JSON already, takes the mark's place on its way out.
    """
    content = [{"type": "text", "text": each} for each in (mark, said.remark) if each]
    return {"content": content, "structuredContent": {mark: 0}, "isError": said.failed, "resultType": "complete"}


def filled(message: bytes, mark: str, said: Said) -> bytes:
    """The message with the answer, all its digits kept, in place of its mark."""
    placed = message.replace(b'{"%b":0}' % mark.encode(), said.body, 1)
    return placed.replace(b'"%b"' % mark.encode(), encode(said.body.decode()), 1)


def _listed(tool: Tool) -> ListedTool:
    return ListedTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=schema_of(tool.parameters),
        annotations=READS,
    )


def _prompt(prompt: Prompt) -> ListedPrompt:
    told = [
        PromptArgument(name=each.name, description=each.description, required=each.required)
        for each in prompt.parameters
    ]
    return ListedPrompt(name=prompt.name, title=prompt.title, description=prompt.description, arguments=told)


def _filled(toolset: Toolset, params: GetPromptRequestParams) -> GetPromptResult:
    """A prompt with what was given. Prompts have no result for faults: these are errors of the protocol."""
    prompt = next((each for each in toolset.prompts if each.name == params.name), None)
    if prompt is None:
        raise MCPError(INVALID_PARAMS, f"There is no prompt {params.name[:100]}.")
    try:
        given = read_arguments(prompt.parameters, dict(params.arguments or {}))
    except Invalid as fault:
        raise MCPError(INVALID_PARAMS, "; ".join(f"{k}: {' '.join(v)}" for k, v in fault.errors.items())) from None
    text = prompt.text.format(**{name: value or "" for name, value in given.items()})
    message = PromptMessage(role="user", content=TextContent(type="text", text=text))
    return GetPromptResult(description=prompt.description, messages=[message])
