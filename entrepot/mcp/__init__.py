"""MCP: agents read the platform by tools, through the doors as everybody else. An adapter.

`tool.py` and `parameter.py` say what a tool is, `marketplace.py` which there are at `/mcp`. Only `server.py` and
`stdio.py` know the SDK, and are loaded when somebody first asks.
"""
