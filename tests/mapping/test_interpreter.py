"""The compiled mappings against a slow interpreter of the same YARRRML, on random files.

The interpreter reads the YAML with PyYAML's own loader and follows the text of
the specification: each term map gives a set of terms, and a triple is made of
every combination.  It shares no code with what it judges.
"""

from __future__ import annotations

import itertools
import re
from decimal import Decimal

import pyoxigraph as ox
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mapping.things import GRAPH, NS, OddThing, compiled, mapping

XSD = "http://www.w3.org/2001/XMLSchema#"
PREFIXES = {"dafab": NS, "id": "https://data.example/id/", "xsd": XSD}
UNRESERVED = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

FIELDS = ("thing_id", "title", "kind", "size", "ratio", "flag", "tags", "codes")
LISTS = ("tags", "codes")

field = st.sampled_from(FIELDS)
words = st.sampled_from(["", "a", " ", "{x}", "%", "[", "é", "x~9", '"', "\\"])


def one_list(text: str) -> bool:
    return all(text.count(f"$({name})") <= 1 for name in LISTS)


templates = st.builds(
    lambda words, fields: (
        "".join(w + f"$({f})" for w, f in zip(words, fields, strict=False)) + words[-1]
    ),
    st.lists(words, min_size=3, max_size=3),
    st.lists(field, max_size=2),
).filter(one_list)
iri_templates = st.builds(
    lambda fields: "id:x" + "".join(f"/$({f})" for f in fields) + "~iri",
    st.lists(field, max_size=2),
)
conditions = st.builds(
    lambda function, name, constant: {
        "function": f"idlab-fn:{function}",
        "parameters": [["grel:valueParam", f"$({name})"], ["grel:valueParam2", constant]],
    },
    st.sampled_from(["equal", "notEqual"]),
    st.sampled_from([f for f in FIELDS if f not in LISTS]),
    st.sampled_from(["", "a", "1", "true", "0.5", "1.0"]),
)
statements = st.one_of(
    st.tuples(st.just("dafab:p"), templates, st.sampled_from(["xsd:token", "en~lang"])).map(list),
    st.tuples(st.sampled_from(["dafab:p", "dafab:$(kind)"]), iri_templates).map(list),
    st.builds(
        lambda o, c: {"p": "dafab:q", "o": {"value": o, "type": "literal"}, "condition": c},
        templates,
        conditions,
    ),
)
texts = st.none() | st.sampled_from(["", "a", "1", "a/b", "é", "..", "x y", '"\n\\'])
numbers = st.none() | st.decimals("-2", "2", places=2) | st.just(Decimal("1E+2"))
things = st.builds(
    OddThing,
    thing_id=texts, title=texts, kind=texts, size=st.none() | st.integers(-2, 2), ratio=numbers,
    flag=st.none() | st.booleans(), tags=st.lists(texts, max_size=2).map(tuple),
    codes=st.lists(numbers, max_size=2).map(tuple),
)  # fmt: skip


def expand(text: str) -> str:
    prefix, _, rest = text.partition(":")
    return PREFIXES[prefix] + rest if prefix in PREFIXES else text


def lexical(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        whole, _, rest = f"{abs(value):f}".partition(".")
        text = whole + ("." + rest).rstrip("0").rstrip(".")
        return text if value == 0 or value > 0 else "-" + text
    return str(value)


def values_of(thing: OddThing, name: str) -> list[str]:
    if name == "document_graph":
        return [GRAPH]
    value = getattr(thing, name)
    return [lexical(v) for v in (value if isinstance(value, tuple) else [value]) if v is not None]


def percent(text: str) -> str:
    if text in {".", ".."}:
        return "%2E" * len(text)
    return "".join(chr(b) if b in UNRESERVED else f"%{b:02X}" for b in text.encode())


def generate(thing: OddThing, text: str, *, iri: bool) -> list[str]:
    """All values of a template: every combination of the values of its references."""
    names = list(dict.fromkeys(re.findall(r"(?<!\\)\$\((\w+)\)", text)))
    whole = len(names) == 1 and text == f"$({names[0]})"
    found = []
    for combination in itertools.product(*(values_of(thing, n) for n in names)):
        filled = dict(zip(names, combination, strict=True))
        if iri and not whole:
            filled = {name: percent(value) for name, value in filled.items()}
        found.append(fill(text, filled))
    return found


def fill(text: str, values: dict[str, str]) -> str:
    """Put values for references, from left to right; ``\\$(x)`` is the text ``$(x)``."""
    before, dollar, after = text.partition("$(")
    if not dollar:
        return before
    if before.endswith("\\"):
        return before[:-1] + dollar + fill(after, values)
    name, _, rest = after.partition(")")
    return before + values[name] + fill(rest, values)


def holds(thing: OddThing, condition: dict | None) -> bool:
    if condition is None:
        return True
    (_, reference), (_, constant) = condition["parameters"]
    values = values_of(thing, reference[2:-1])
    return bool(values) and (values[0] == constant) is condition["function"].endswith(":equal")


def interpret(tree: dict, thing: OddThing) -> set[ox.Quad]:
    quads = set()
    for one in tree["mappings"].values():
        if not holds(thing, one.get("condition")):
            continue
        for entry in one["po"]:
            if isinstance(entry, dict):
                if not holds(thing, entry["condition"]):
                    continue
                entry = [entry["p"], entry["o"]["value"]]
            is_iri = entry[1].endswith("~iri")
            for s, p, o, g in itertools.product(
                generate(thing, expand(one["s"]), iri=True),
                generate(thing, expand(entry[0]), iri=True),
                generate(
                    thing, expand(entry[1].removesuffix("~iri")) if is_iri else entry[1], iri=is_iri
                ),
                generate(thing, one["graphs"], iri=True),
            ):
                quads.add(
                    ox.Quad(
                        ox.NamedNode(s), ox.NamedNode(p), term(o, entry, is_iri), ox.NamedNode(g)
                    )
                )
    return quads


def term(text: str, entry: list[str], is_iri: bool) -> ox.NamedNode | ox.Literal:
    if is_iri:
        return ox.NamedNode(text)
    if len(entry) == 2:
        return ox.Literal(text)
    if entry[2].endswith("~lang"):
        return ox.Literal(text, language=entry[2].removesuffix("~lang"))
    return ox.Literal(text, datatype=ox.NamedNode(expand(entry[2])))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(statements, min_size=1, max_size=4),
    st.none() | conditions,
    st.lists(things, max_size=4),
)
def test_compiled_and_interpreted_mappings_give_the_same_quads(
    po: list, condition: dict | None, records: list[OddThing]
) -> None:
    tree = yaml.safe_load(mapping("[]"))
    tree["mappings"]["thing"]["po"] = po
    if condition:
        tree["mappings"]["thing"]["condition"] = condition
    text = compiled(yaml.safe_dump(tree)).map(records, document_id="doc")
    ours = set(ox.parse(text.encode(), format=ox.RdfFormat.N_QUADS))
    assert ours == set().union(*(interpret(tree, record) for record in records))
