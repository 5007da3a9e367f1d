"""Runs in an environment of its own: Rucio's own client on a server that has our plugin.

Facts: ``steps``, each a name, how it is told, a method of the client and its arguments.
"""

from __future__ import annotations

from typing import Any

from client_telling import FACTS, stay_inside, tell
from rucio.client import Client

stay_inside()
client: Any = None


def done(method: str, arguments: list[Any], more: dict[str, Any]) -> Any:
    found = getattr(client, method)(*arguments, **more)
    return list(found) if hasattr(found, "__next__") else found


tell("log in", lambda: globals().update(client=Client()))
for name, how, arguments, more in FACTS["steps"] if client is not None else ():
    tell(name, lambda n=name, a=arguments, m=more: done(n, a, m), how=how)  # type: ignore[misc]
