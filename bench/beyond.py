"""What wrk cannot measure: how long a query takes to read, and how fast a list streams."""

import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from bench import machine
from entrepot.kernel.rql.query import read_query

QUERIES = {
    "simple": b"eq(status,Processing)&order=-audit.created.at&limit=20",
    "of five conditions": b"and(in(status,(Draft,Quoted)),or(like(notes,*bench*),ilike(product.name,sable*)),"
    b"ge(audit.created.at,2026-01-01),ne(agreement.id,null()))&select=*,lines,-parameters&order=-audit.created.at,id",
}
PARSING_US_GOAL = 15
ROUNDS = 2000
STREAM_PER_S_GOAL = 8000
CHUNK = 1 << 18


def parsing() -> dict[str, float]:
    """Microseconds of processor time to read each query; the best of five, since others use the machine too."""
    return {name: min(_read_us(query) for _ in range(5)) for name, query in QUERIES.items()}


def _read_us(query: bytes) -> float:
    began = time.process_time()
    for _ in range(ROUNDS):
        read_query(query)
    return round((time.process_time() - began) / ROUNDS * 1e6, 2)


def streaming(url: str, pid: int, path: str, token: str, seconds: float) -> dict[str, Any] | None:
    """Objects a second of a list in streaming mode, for so many seconds at most; None where there is no such mode."""
    conn = HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "MPT-Streaming": "true", "Accept": "application/jsonl"}
    before, began = machine.usage(pid), time.monotonic()
    conn.request("GET", path, headers=headers)
    answer = conn.getresponse()
    if answer.getheader("MPT-Streaming") != "true":
        conn.close()
        return None
    count, first_s = 0, 0.0
    while chunk := answer.read1(CHUNK):
        first_s = first_s or time.monotonic() - began
        count += chunk.count(b"\n")
        if time.monotonic() - began > seconds:
            break
    took = time.monotonic() - began
    used = machine.usage(pid).since(before)
    held = machine.memory(pid).server_rss
    conn.close()
    return {
        "objects": count,
        "per_s": round(count / took, 1),
        "first_ms": round(first_s * 1000, 1),
        "cpu_ms": round((used.server_s + used.database_s) * 1000 / max(1, count), 4),
        "server_rss_mb": round(held),
    }
