"""Faults of a sandbox from the command line."""

import re
import subprocess
import sys
from pathlib import Path

from tests.party import ok
from tests.serving import KEY, Served

ENTREPOT = str(Path(sys.executable).with_name("entrepot"))


def fault(served: Served, *words: str) -> tuple[int, str]:
    """What the command says, and how it ends."""
    command = [ENTREPOT, "fault", *words, "--database-url", served.database]
    done = subprocess.run(command, capture_output=True, text=True, env={"ENTREPOT_SECRET_KEY": KEY, "PATH": "/usr/bin"})
    return done.returncode, (done.stdout + done.stderr).strip()


def test_faults_are_made_shown_and_cleared(served: Served):
    body = {"url": "https://hooks.example/in"}
    made = ok(served.call("vendor", "POST", "/notifications/event-subscriptions", body))["id"]
    assert fault(served, "show") == (0, "No faults.")
    assert fault(served, "make", "twice", made, "--times", "3") == (0, f"{made}: twice, 3 more")
    assert fault(served, "make", "timeout", made) == (0, f"{made}: timeout, until it is cleared")
    assert fault(served, "show") == (0, f"{made}: timeout, until it is cleared")
    assert fault(served, "clear", made) == (0, "No faults.")
    assert fault(served, "make", "error", "EVS-9999-9999") == (1, "entrepot: There is no receiver 'EVS-9999-9999'.")
    served.run(served.parts.pool.execute("update installation set sandbox = false"))
    code, words = fault(served, "make", "error", made)
    assert code == 1 and re.match("entrepot: Faults are made in a sandbox alone", words)
