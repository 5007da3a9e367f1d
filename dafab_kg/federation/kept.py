"""A small file that says how far something came: after a crash it is the old one or the new one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from dafab_kg.model.errors import StoreNotUsable

T = TypeVar("T")


def read_kept(file: Path, form: int, make: Callable[[dict[str, Any]], T], nothing: T) -> T:
    """Return what ``make`` makes of the file's members; ``nothing`` where there is no file.

    Raises:
        StoreNotUsable: it cannot be read, or has another form than ``form``.
    """
    try:
        value = json.loads(file.read_bytes())
        if value.pop("format") != form:
            raise ValueError("it has another format")
        return make(value)
    except FileNotFoundError:
        return nothing
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        told = f"{file} cannot be read: {error}. Begin anew with --restart"
        raise StoreNotUsable(told) from error


def write_kept(file: Path, form: int, value: dict[str, Any]) -> None:
    """Write the members durably."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as out:
        json.dump({"format": form, **value}, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)
