"""The name under which part of a process holds a lease: on the sealing, on a delivery."""

import os
import secrets
import socket


def holder() -> str:
    """The machine, the id of the process, and a word of chance: it is used by nobody else."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
