"""What a query asks of other endpoints, before it is answered here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dafab_kg.access.fetching import check_service
from dafab_kg.model.settings import Settings
from dafab_kg.store.answers import has_rows
from dafab_kg.store.protocol import Answer, Solutions
from dafab_kg.store.refusals import refuse_remote

if TYPE_CHECKING:
    from collections.abc import Callable

    from dafab_kg.federation.sparql.bound_join import Joined


def with_calls(
    query: str, settings: Settings, answer: Callable[[str], Answer], base: str | None
) -> Joined | None:
    """Do the calls of a query by bound joins; None: it has none.

    ``answer`` answers queries over the same graphs.

    Raises:
        QueryNotValid: it calls an endpoint that is not allowed.
        ServiceNotUsable: an endpoint fails.
    """
    if not settings.service_allowed or "service" not in query.lower():
        return None
    from dafab_kg.federation.sparql.bound_join import join
    from dafab_kg.federation.sparql.endpoint import Bounds

    refuse_remote(query, settings.service_allowed, check_service)

    def ask(text: str) -> Solutions:
        found = answer(text)
        assert has_rows(found)
        return found

    bounds = Bounds(settings.service_seconds, settings.answer_bytes)
    return join(query, ask, bounds, base=base)
