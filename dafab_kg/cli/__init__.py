"""The command ``dafab-kg``.

One module per group of verbs; what they share is in ``frame`` (options,
errors, exit codes) and ``printing`` (tables and JSON).  Whatever is slow to
import is imported inside the command that needs it.
"""

from __future__ import annotations

from dafab_kg.cli.app import main

__all__ = ["main"]
