"""Writing by the DaFab catalogue's client: containers, documents, attachments.

All end in the same ingest as every document.  What is read is changed and written only if it is
still the same; else it is read again (:data:`TRIES` times).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response

from dafab_kg.catalogue import Catalogue
from dafab_kg.catalogue.identifying import (
    Plan,
    attached,
    detached,
    joined,
    with_document,
    written,
)
from dafab_kg.dids.documents import MOST_DIDS
from dafab_kg.dids.expected import DidChange
from dafab_kg.dids.finding import Pair
from dafab_kg.dids.names import Scopes
from dafab_kg.dids.operations import changed, read_operations, replaces
from dafab_kg.dids.states import State
from dafab_kg.model.errors import (
    DafabError,
    DocumentRejected,
    NotDoneHere,
    ShapeViolated,
    ThingChanged,
    ThingExists,
    ThingNotFound,
)
from dafab_kg.model.settings import Settings
from dafab_kg.search.entries import LOOSE
from dafab_kg.web.described import Operation, Parameter, described
from dafab_kg.web.gate import admit_writers, caller, require
from dafab_kg.web.rucio_answers import (
    OBJECT,
    Refused,
    answer,
    no_did,
    not_understood,
    refused_of,
    unsupported,
)
from dafab_kg.web.rucio_names import name_of
from dafab_kg.web.rucio_requests import body_of, flag_of, names_in_path, pairs_of
from dafab_kg.web.stac_writes import on_behalf, root

TRIES: Final = 5
MODES: Final = ("atomic", "best_effort")
_CREATED: Final = "Created"
_TOKEN: Final = Parameter("X-Rucio-Auth-Token", "A token of a session.", place="header")
_BODY: Final = {OBJECT: {"type": "object"}}

Planning = Callable[[dict[Pair, State]], Plan]


def _operation(summary: str, status: int) -> Operation:
    problems = (400, 401, 403, 404, 409)
    return Operation(summary, {status: (OBJECT,)}, problems, (_TOKEN,), _BODY, errors=(OBJECT,))


def add_writes(face: Blueprint, catalogue: Catalogue, settings: Settings) -> None:
    """Add the methods that write to the face."""
    scopes = Scopes(settings.did_scope, settings.did_scopes)

    face.before_request(partial(admit_writers, settings))

    @face.post("/dids/<scope>/<path:name>")
    @described(POST=_operation("Make a container, whose document is to come", 201))
    def create(scope: str, name: str) -> Response:
        require("write")
        pair, kind = names_in_path("/dids/"), body_of().get("type")
        if kind not in ("CONTAINER", "DATASET"):
            raise not_understood("type is CONTAINER or DATASET")
        try:
            catalogue.create_did(*pair, kind, caller().name)
        except ThingExists as error:
            raise Refused(409, "DataIdentifierAlreadyExists", str(error)) from error
        except ThingNotFound as error:
            if pair[0] not in scopes.names():
                raise Refused(404, "ScopeNotFound", str(error)) from error
            raise unsupported(str(error)) from error
        return answer(_CREATED, 201)

    @face.patch("/dids/bulkmetadoc")
    @described(PATCH=_operation("Change documents of data identifiers", 200))
    def change() -> Response:
        require("write")
        return answer(_change(catalogue, scopes, settings))

    @face.post("/dids/<scope>/<path:name>/dids")
    @described(POST=_operation("Attach data identifiers to another", 201))
    def attach(scope: str, name: str) -> Response:
        require("write")
        pair = names_in_path("/dids/")
        _attach(catalogue, scopes, [(pair, one) for one in pairs_of(body_of().get("dids"))])
        return answer(_CREATED, 201)

    @face.post("/dids/attachments")
    @described(POST=_operation("Attach data identifiers to several others", 201))
    def attach_several() -> Response:
        require("write")
        body = body_of()
        flag_of(body, "ignore_duplicate")  # what is attached already is no error in any case
        sent = body.get("attachments")
        parents = pairs_of(sent)
        ways = [
            (parent, child)
            for parent, one in zip(parents, sent if isinstance(sent, list) else (), strict=True)
            for child in pairs_of(one.get("dids"))
        ]
        if len(ways) > MOST_DIDS:
            raise not_understood(f"There are {len(ways)} attachments; at most {MOST_DIDS}")
        _attach(catalogue, scopes, ways)
        return answer(_CREATED, 201)

    @face.delete("/dids/<scope>/<path:name>/dids")
    @described(DELETE=_operation("Detach data identifiers from another", 200))
    def detach(scope: str, name: str) -> Response:
        require("write")
        parent = names_in_path("/dids/")
        ways = [(parent, one) for one in pairs_of(body_of().get("dids"))]
        _attach(catalogue, scopes, ways, taken=True)
        return answer({})


def _change(catalogue: Catalogue, scopes: Scopes, settings: Settings) -> dict[str, Any]:
    """Change documents by operations; return the summary."""
    body = body_of()
    pairs = list(dict.fromkeys(pairs_of(body.get("dids"))))
    operations = read_operations(body.get("operations"))
    mode = body.get("mode", MODES[0])
    if mode not in MODES:
        raise not_understood(f"mode is one of {', '.join(MODES)}")
    if body.get("schema") is not None:
        raise Refused(404, "MetadataSchemaNotFound", "No schema versions are registered here")
    told = on_behalf()

    def plan(pair: Pair, states: dict[Pair, State]) -> Plan:
        state = states.get(pair)
        if state is None:
            raise ThingNotFound(f"There is no data identifier {pair[0][:80]}:{pair[1][:300]} here")
        new = changed(state.document, operations)
        placed = state.kind == "item" and state.collection != LOOSE
        if placed and new is not None and "collection" not in new and replaces(operations):
            # no attachment goes by a document that does not mention it
            new = {**new, "collection": state.collection}
        if new == state.document:
            return Plan()
        made = written(state, new, states, scopes, **told)
        sizes.append(sum(len(one) for write in made.writes for one in write.objects))
        if sum(sizes) > settings.write_bytes:
            raise not_understood("The changed documents are too large together. Change fewer")
        return made

    failed: dict[Pair, Refused] = {}
    sizes: list[int] = []
    if mode == "atomic":

        def whole(states: dict[Pair, State]) -> Plan:
            sizes.clear()
            return joined([plan(pair, states) for pair in pairs])

        try:
            until_done(catalogue, pairs, [whole])
        except (DafabError, Refused) as error:
            raise told_of(error) from error
    else:
        each = [lambda states, pair=pair: plan(pair, states) for pair in pairs]
        errors = _done(catalogue, pairs, each)
        failed = {pair: told_of(error) for pair, error in zip(pairs, errors, strict=True) if error}
    return {
        "updated_dids": len(pairs) - len(failed),
        "failed_count": len(failed),
        "failed_dids": [
            {
                "scope": scope,
                "name": name_of(name),
                "error": one.name,
                "message": one.message,
                **one.more,
            }
            for (scope, name), one in failed.items()
        ],
        "operation_count": len(operations),
        "mode": mode,
    }


def _attach(
    catalogue: Catalogue, scopes: Scopes, ways: Sequence[tuple[Pair, Pair]], *, taken: bool = False
) -> None:
    """Attach (or, ``taken``, detach) children, each with its parent before it; all or none."""
    told = on_behalf()

    def plan(states: dict[Pair, State]) -> Plan:
        for pair in dict.fromkeys(one for way in ways for one in way):
            if pair not in states:
                raise no_did(f"There is no data identifier {pair[0][:80]}:{pair[1][:300]} here")
        before: list[DidChange] = []
        new: dict[Pair, State] = {}
        for parent, pair in ways:
            child = new.get(pair, states[pair])
            if child.kind == "expected":
                before.append(_placed(child, states[parent], taken=taken))
                continue
            value = (detached if taken else attached)(child, states[parent])
            if value is not None:
                new[pair] = with_document(child, value)
        plans = [
            written(states[pair], one.document, {}, scopes, **told) for pair, one in new.items()
        ]
        return joined([Plan(before=tuple(before)), *plans])

    try:
        until_done(catalogue, [one for way in ways for one in way], [plan])
    except (NotDoneHere, DocumentRejected) as error:
        raise told_of(error) from error


def _placed(child: State, parent: State, *, taken: bool) -> DidChange:
    """Note where one that waits for its document is to be."""
    if taken and parent.pair not in child.parents:
        raise no_did(f"{child.name} is not below {parent.scope}:{parent.name}")
    if not taken and parent.kind not in ("root", "collection", "item", "expected"):
        raise not_understood(
            f"{child.name} has no document yet, by which the graph tells whether it is below "
            f"{parent.name}. Write that first"
        )
    if parent.pair == child.pair:
        raise not_understood("Nothing is below itself")
    return DidChange("detach" if taken else "attach", *child.pair, parents=(parent.pair,))


# doing it


def until_done(catalogue: Catalogue, pairs: Iterable[Pair], plans: Sequence[Planning]) -> None:
    """Do what is planned.

    Raises:
        DafabError: it cannot be done.
        Refused: the same, or it was another each time that it was looked at.
    """
    for error in _done(catalogue, pairs, plans):
        if error is not None:
            raise error


def _done(
    catalogue: Catalogue, pairs: Iterable[Pair], plans: Sequence[Planning]
) -> list[DafabError | Refused | None]:
    """Do plans, each by itself as a whole; return the error of each that failed."""
    pairs = list(dict.fromkeys(pairs))
    found: dict[int, DafabError | Refused | None] = dict.fromkeys(range(len(plans)))
    left = list(found)
    for _ in range(TRIES):
        states = catalogue.did_states(pairs, root())
        ups = {up for one in states.values() if one.kind == "expected" for up in one.parents}
        states |= catalogue.did_states(sorted(ups - set(states)), root()) if ups else {}
        made: dict[int, Plan] = {}
        for number in left:
            try:
                made[number] = plans[number](states)
                found[number] = None
            except (DafabError, Refused) as error:
                found[number] = error
        left = []
        for number, one in _written(catalogue, made).items():
            found[number] = one
            if isinstance(one, ThingChanged | ThingExists):
                left.append(number)
        if not left:
            break
    for number in left:
        text = f"{found[number]}: others write it, too. Try again"
        found[number] = Refused(503, "ServiceUnavailable", text)
    return list(found.values())


def _written(catalogue: Catalogue, plans: dict[int, Plan]) -> dict[int, DafabError | None]:
    found: dict[int, DafabError | None] = dict.fromkeys(plans)
    for number, plan in plans.items():
        if plan.before:
            try:
                catalogue.change_dids(plan.before)
            except DafabError as error:
                found[number] = error
    groups = {n: plan.writes for n, plan in plans.items() if plan.writes and found[n] is None}
    if groups:
        answers = catalogue.write_groups(list(groups.values()))
        for number, one in zip(groups, answers, strict=True):
            found[number] = one if isinstance(one, DafabError) else None
    for number, plan in plans.items():
        undone = tuple(
            DidChange("forget", one.scope, one.name) for one in plan.before if one.action == "keep"
        )
        after = plan.after if found[number] is None else undone
        if after:
            catalogue.change_dids(after)
    return found


def told_of(error: Exception) -> Refused:
    """Say how a write that failed is answered."""
    if isinstance(error, NotDoneHere):
        return unsupported(str(error))
    if isinstance(error, DocumentRejected):
        pairs = [(error.where.rpartition(": ")[2], error.what)]
        if isinstance(error, ShapeViolated) and error.violations:
            pairs = list(error.violations)
        rows = [{"path": path, "message": message} for path, message in pairs]
        return Refused(400, "InvalidMetadata", str(error), {"violations": rows})
    return refused_of(error)
