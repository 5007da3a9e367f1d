"""What each process of a server does for itself: end with its parent, keep to its limits.

Where a system lacks one of these (macOS has no parent-death signal and no bound of data)
the others still hold: a child also ends when the pipe of its supervisor closes.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
from contextlib import suppress

STACK_BYTES = 64 * 1024 * 1024
"""Stack of a process that runs queries; the engine recurses deeply (dafab_kg.store.bounds)."""

_PR_SET_PDEATHSIG = 1
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, where it can."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)  # it ended before we asked


def begin_child(parent: int) -> None:
    """Make a forked process one of its own: no handler of the parent's, no terminal's Ctrl-C."""
    end_with(parent)
    signal.set_wakeup_fd(-1)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    os.setpgid(0, 0)


def limit_stack() -> None:
    """Let the main thread's stack grow as far as queries may need."""
    _, most = resource.getrlimit(resource.RLIMIT_STACK)
    size = STACK_BYTES if most == resource.RLIM_INFINITY else min(STACK_BYTES, most)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_STACK, (size, most))


def limit_memory(most: int) -> None:
    """Refuse this process more than ``most`` bytes of private memory.

    The address space says nothing: LMDB reserves a terabyte of it.  The bound of data
    counts what is private and writable; files mapped by several processes are free.
    Arrow's own allocator would reserve a GiB of that with the first array (see sharing).
    """
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def memory_held() -> int:
    """Return the bytes of private memory that count, 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - read often
            return int(file.read().split()[5]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return 0


def orphaned(lifeline: int) -> bool:
    """Tell whether the supervisor, who holds the other end of this pipe, has ended."""
    ready, _, _ = select.select([lifeline], [], [], 0)
    return bool(ready)
