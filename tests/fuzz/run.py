"""Looks for inputs that cost too much or break the reading, led by coverage: `make fuzz ARGS="--seconds 300"`.

The inputs that reached something new are kept in `--corpus`, so that a later run goes on from there. What fails is
written beside it and shown; it belongs into tests/fuzz/test_reading.py.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["entrepot.kernel", "entrepot.commerce.parameters", "entrepot.catalog"]):
    from tests.fuzz.reading import BYTES_MAX, READERS, SECONDS_MAX, SEEDS, WORDS

BYTES_AT_MOST = 64 * 1024
TRACED = 8
"""How much slower reading is while its coverage is measured: the limit itself is held by tests/fuzz/test_reading.py."""


def main() -> None:
    """Fuzzes one reader; the process ends with 77 at the first input that fails."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--reader", choices=list(READERS), default="query")
    wanted.add_argument("--seconds", type=int, default=120)
    wanted.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir()) / "entrepot-fuzz")
    chosen = wanted.parse_args()
    folder = chosen.corpus / chosen.reader
    folder.mkdir(parents=True, exist_ok=True)
    for at, seed in enumerate(SEEDS[chosen.reader]):
        for choice in range(0, 60, 7):
            (folder / f"seed-{at}-{choice}").write_bytes(bytes([choice]) + seed)
    words = chosen.corpus / f"{chosen.reader}.dict"
    words.write_text("".join(f"{json.dumps(each)}\n" for each in WORDS if each.isascii() and "\\" not in each))
    read, counted = READERS[chosen.reader], Counter[str]()
    slowest = 0.0
    began = time.monotonic()

    def one(raw: bytes) -> None:
        nonlocal slowest
        choice, text = (raw[0], raw[1:]) if raw else (0, b"")
        before, started = _peak_bytes(), time.process_time()
        taken = read(text, choice)
        seconds = time.process_time() - started
        if seconds > SECONDS_MAX * TRACED:  # again: it may have been something else
            started = time.process_time()
            read(text, choice)
            seconds = min(seconds, time.process_time() - started)
        assert seconds < SECONDS_MAX * TRACED, f"{seconds:.3f} s"
        assert _peak_bytes() - before < BYTES_MAX, "too much memory"
        slowest = max(slowest, seconds)
        counted["taken" if taken else "refused"] += 1
        if sum(counted.values()) % 10_000 == 0:
            _tell(chosen.reader, counted, slowest, began)

    atheris.Setup(
        [sys.argv[0], f"-max_total_time={chosen.seconds}", f"-max_len={BYTES_AT_MOST}", f"-dict={words}",
         "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0",
         f"-artifact_prefix={chosen.corpus}/{chosen.reader}-", str(folder)],
        one,
    )  # fmt: skip
    atheris.Fuzz()


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _tell(reader: str, counted: Counter[str], slowest: float, began: float) -> None:
    print(  # noqa: T201
        f"{reader}: {sum(counted.values())} inputs, {counted['taken']} taken, {counted['refused']} refused, "
        f"the slowest {slowest * 1000:.0f} ms with coverage on, {time.monotonic() - began:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
