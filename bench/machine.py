"""What a measurement costs: processor time and memory of processes, read from /proc; and what the machine is."""

import os
import platform
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """One process as /proc tells of it."""

    pid: int
    parent: int
    name: str
    cpu_s: float
    reaped_cpu_s: float


class Usage(NamedTuple):
    """Processor time so far, of the server and of the database."""

    server_s: float
    database_s: float

    def since(self, before: "Usage") -> "Usage":
        """What was used from then to now."""
        return Usage(self.server_s - before.server_s, self.database_s - before.database_s)


class Memory(NamedTuple):
    """Megabytes: resident, and with shared pages counted by their share."""

    server_rss: float
    server_pss: float
    database_pss: float


def usage(server: int) -> Usage:
    """Processor time of the server's process and those it started; postgres and its processes apart."""
    ours, database = _split(server)
    # A worker of the database that ended lives on in its parent's count.
    return Usage(
        sum(each.cpu_s for each in ours),
        sum(each.cpu_s + (each.reaped_cpu_s if each.parent in {o.pid for o in ours} else 0) for each in database),
    )


def memory(server: int) -> Memory:
    """What server and database hold now."""
    ours, database = _split(server)
    rss = sum(_rollup(each.pid, "Rss:") for each in ours)
    return Memory(rss, sum(_rollup(o.pid, "Pss:") for o in ours), sum(_rollup(d.pid, "Pss:") for d in database))


def _split(server: int) -> tuple[list[Process], list[Process]]:
    found = {each.pid: each for each in _processes()}
    ours, database = [], []
    for each in found.values():
        line = each
        while line.pid != server and line.parent in found:
            line = found[line.parent]
        if line.pid == server:
            (database if each.name == "postgres" else ours).append(each)
    return ours, database


def _processes() -> Iterator[Process]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
        own, reaped = int(rest[11]) + int(rest[12]), int(rest[13]) + int(rest[14])
        yield Process(int(folder.name), int(rest[1]), name, own / TICKS_PER_S, reaped / TICKS_PER_S)


def _rollup(pid: int, field: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def describe() -> dict[str, object]:
    """The machine, as far as it bears on the figures."""
    cpu = Path("/proc/cpuinfo").read_text()
    model = next((line.partition(":")[2].strip() for line in cpu.splitlines() if line.startswith("model name")), "?")
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    flags = str(sysconfig.get_config_var("CONFIG_ARGS"))
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gb": round(memory_kb / 2**20, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "python_optimized": "--enable-optimizations" in flags or "-fprofile-use" in str(sysconfig.get_config_vars()),
    }


def loop_ms() -> float:
    """Processor time of a million additions in Python: how fast the machine is just now."""
    began = time.process_time()
    total = 0
    for number in range(1_000_000):
        total += number
    return (time.process_time() - began) * 1000
