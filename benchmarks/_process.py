"""Each way runs in a process of its own, so that peak memory is its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any


def tell(figures: dict[str, Any]) -> None:
    """Print the figures of this process as JSON, its peak memory among them."""
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


def run(program: str, name: str, option: str, place: Path) -> dict[str, Any]:
    """Run the phase ``name`` of a benchmark in a process of its own."""
    done = subprocess.run(
        [sys.executable, program, "--phase", name, option, str(place)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]
