"""Environments of their own for programs of others that cannot share ours, in a cache folder outside the repository.

`python -m tests.environments` makes what is missing, as `make test` does before the tests, and prints their folders of
programs; with names, such as `mpt-extension-sdk==6.8.0`, those alone. It takes nothing that tests need.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "entrepot"
MAKE_S = 600
COMMAND = ".venv/bin/python -m tests.environments"

EXTENSION_SDK = "mpt-extension-sdk==6.8.0"
POLLING_SDK = "mpt-extension-sdk==5.22.1"
"""Of what it requires, it names some that were never released but as betas."""

COMMAND_LINE = "mpt-cli==6.0.0"

ALONE = (EXTENSION_SDK, "mrok==0.10.7", "openziti==0.6.0")
"""Installed without what they require. The overlay network's library is built from sources that its build fetches from
elsewhere; the newest release that comes as a wheel does, since nothing of it is used without such a network."""

REQUIRED = """
import importlib.metadata as m, json, re, sys
alone = set(sys.argv[1:])
found = [r for name in alone for r in m.requires(name) or () if "extra ==" not in r]
print(json.dumps([r for r in found if re.match(r"[\\w.-]+", r)[0] not in alone]))
"""


class NotMade(Exception):
    """The environment could not be made here."""


def environment(sdk: str = EXTENSION_SDK) -> Path:
    """The folder of programs in an environment with an extension SDK, made if it is not there. Raises NotMade."""
    CACHE.mkdir(parents=True, exist_ok=True)
    home = CACHE / sdk.replace("==", "-")
    with (CACHE / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes want it at once
        if not (home / "made").exists():
            shutil.rmtree(home, ignore_errors=True)
            _make(home, sdk)
            (home / "made").touch()
    return home / "bin"


def required(sdk: str = EXTENSION_SDK) -> Path:
    """The same for a test, which is skipped where there is none; in CI that is a failure."""
    import pytest  # here, since whoever wants an environment alone may be without it

    try:
        return environment(sdk)
    except NotMade as fault:
        reason = f"the environment of {sdk} could not be made; try `{COMMAND}`: {fault}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


def _make(home: Path, sdk: str) -> None:
    python = str(home / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([sys.executable, "-m", "venv", str(home)])
    if sdk != EXTENSION_SDK:
        _run([*pip, *(["--pre"] if sdk == POLLING_SDK else []), sdk])
        return
    _run([*pip, "--no-deps", *ALONE])
    names = [each.partition("==")[0] for each in ALONE]
    _run([*pip, *json.loads(_run([python, "-c", REQUIRED, *names]))])


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MAKE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise NotMade(str(fault)) from fault
    if done.returncode:
        raise NotMade(done.stderr[-1000:])
    return done.stdout


if __name__ == "__main__":
    try:
        with ThreadPoolExecutor() as threads:
            for made in threads.map(environment, sys.argv[1:] or (EXTENSION_SDK, POLLING_SDK, COMMAND_LINE)):
                sys.stdout.write(f"{made}\n")
    except NotMade as fault:
        sys.exit(f"Not every environment could be made; tests that need it say so. {fault}")
