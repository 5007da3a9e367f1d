"""Lines of the log: one JSON object each, on standard error."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import orjson


def line(**values: Any) -> str:
    """A line; it begins with the time (UTC), which nothing is ordered by."""
    time = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    return orjson.dumps({"time": time, **values}).decode()


def log(**values: Any) -> None:
    """Write a line."""
    sys.stderr.write(line(**values) + "\n")
