"""Environments of judges that cannot live in ours, made on first use at the root."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def python_with(pin: str, name: str) -> Path:
    """The Python of the environment ``name`` that holds the package ``pin``; skips, with the
    reason, where it cannot be made."""
    folder = ROOT / name
    with (ROOT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        return _made(pin, folder)


def _made(pin: str, folder: Path) -> Path:
    python = folder / "bin/python"
    done = folder / "installed.txt"
    if not done.is_file() or done.read_text() != pin:
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", pin],
        ):
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            if run.returncode:
                reason = (run.stderr or run.stdout).strip().splitlines()[-1:]
                pytest.skip(f"the environment of {pin} cannot be made: {reason}")
        done.write_text(pin)
    return python
