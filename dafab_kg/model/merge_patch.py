"""JSON Merge Patch (RFC 7396)."""

from __future__ import annotations

from typing import Any


def merge_patch(target: Any, patch: Any) -> Any:
    """Return ``target`` changed as ``patch`` says (RFC 7396, section 2); neither is touched.

    >>> merge_patch({"a": {"b": 1, "c": 2}}, {"a": {"c": None, "d": [3]}})
    {'a': {'b': 1, 'd': [3]}}
    """
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merge_patch(found.get(name), value)
    return found
