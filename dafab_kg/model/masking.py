"""What of a setting may be shown."""

from __future__ import annotations

from typing import Any, Final

SECRET_WORDS: Final = ("secret", "password", "token", "key", "credential")


def shown(name: str, value: Any) -> Any:
    """Return what may be shown of a setting's value; of a secret only whether it is set."""
    words = name.lower().split("_")
    if type(value).__name__.startswith("Secret") or any(word in SECRET_WORDS for word in words):
        return "(set)" if value else "(not set)"
    return value if isinstance(value, (int, str)) else str(value)
