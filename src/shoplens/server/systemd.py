"""What systemd is told, and takes part in: readiness, life signs, sockets that it opened. No package is needed for it.

The protocol: sd_notify(3), sd_listen_fds(3). Without systemd every function does nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time

_PATIENCE_S = 0.05
_FIRST = 3
"""The first file descriptor that systemd hands over."""


def notify(*lines: str) -> bool:
    """Tells systemd, as lines of NAME=VALUE; whether there was anybody to tell."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.settimeout(_PATIENCE_S)  # a manager that does not read must not stop the service
        out.connect("\0" + address[1:] if address.startswith("@") else address)
        out.sendall("\n".join(lines).encode())
        return True
    return False


def reloading() -> bool:
    """Tells that settings are read again; READY=1 ends it."""
    return notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def life_sign_every() -> float | None:
    """Seconds between two life signs, half of what systemd waits for one; None where it waits for none."""
    wanted, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not wanted.isdigit() or not int(wanted) or (process and process != str(os.getpid())):
        return None
    return int(wanted) / 2e6


def listener() -> socket.socket | None:
    """The listening socket that systemd opened for this process: while it is restarted, clients wait in its queue."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    found = socket.socket(fileno=_FIRST)
    found.set_inheritable(False)
    return found
