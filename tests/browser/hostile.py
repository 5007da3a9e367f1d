"""Documents and addresses of somebody who wants his own script to run in others' pages."""

from __future__ import annotations

import json
from pathlib import Path

from tests.ingest.documents import water_item
from tests.search.items import make_item

MARK = "window.__pwned=1"
PAYLOADS = (
    f"<img src=x onerror={MARK}>",
    f'"><script>{MARK}</script>',
    f"'><svg onload={MARK}>",
    f"</script><script>{MARK}</script>",
    f"</title></textarea></style><script>{MARK}</script>",
    f"javascript:{MARK}",
    f'" autofocus onfocus={MARK} x="',
    "{{7*7}}${7*7}{%raw%}<%=7*7%>",
)
EVERYTHING = " ".join(PAYLOADS)
HREF = f"javascript:{MARK}"
READ = len(PAYLOADS) + 3
"""How many of the documents can be read; one cannot."""
COLLECTION = "col\"'><img src=x onerror=window.__pwned=1>{{7*7}}"
BASE = "https://w3id.org/dafab/id/"
THING = f"{BASE}product/EVIL"
ODD = (
    "javascript:window.__pwned=1",
    "data:text/html,%3Cscript%3Ewindow.__pwned=1%3C/script%3E",
    "http://e/'onmouseover='window.__pwned=1",
    "http://e/%22%3E%3Cscript%3Ewindow.__pwned=1%3C/script%3E",
    "http://e/%7B%7B7*7%7D%7D",
    "vbscript:x",
)
"""IRIs by the grammar, which are links to nowhere good."""


def write(folder: Path) -> None:
    """Write a STAC item, a DaFab item, RDF, a decision and a broken file."""
    folder.mkdir(parents=True)
    for number, one in enumerate(PAYLOADS):
        # a name of a file has no slash in it
        name = one.replace("/", "∕")
        (folder / f"{number} {name}.json").write_text(json.dumps(stac(number, one)))
    water = water_item(1)
    water["properties"]["dafab:water-analysis"]["note"] = EVERYTHING
    water["properties"]["title"] = EVERYTHING
    water["assets"]["a " + PAYLOADS[1]] = {"href": HREF, "title": EVERYTHING, "type": PAYLOADS[0]}
    (folder / "water.json").write_text(json.dumps(water))
    (folder / "things.ttl").write_text(turtle())
    (folder / "decision.json").write_text(json.dumps(decision()))
    (folder / f"broken {PAYLOADS[0]}.json").write_text('{"type": "Feature", "id": "x')


def stac(number: int, payload: str) -> dict[str, object]:
    """Make an item that is hostile in all that it tells."""
    item = make_item(
        f"evil-{number} {payload}",
        collection=COLLECTION,
        title=EVERYTHING,
        description=EVERYTHING,
        platform=payload,
        constellation=payload,
        **{"eo:cloud_cover": 3, "evil:" + payload: EVERYTHING, "keywords": list(PAYLOADS)},
    )
    item["links"] = [
        {"rel": "self", "href": f"https://one.example/{number}", "title": EVERYTHING},
        {"rel": "related", "href": HREF, "title": payload},
    ]
    item["assets"] = {
        payload: {"href": HREF, "title": EVERYTHING, "type": "text/html", "roles": [payload]},
        "thumbnail": {"href": "data:text/html,<script>window.__pwned=1</script>"},
    }
    return item


def turtle() -> str:
    """Write things whose labels, values, types, properties and names are hostile."""
    told = json.dumps(EVERYTHING)
    lines = [
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .",
        "@prefix dafab: <https://w3id.org/dafab/ns#> .",
        "@prefix geo: <http://www.opengis.net/ont/geosparql#> .",
        f"<{THING}> a dafab:SourceProduct ; rdfs:label {told} ; dafab:cloudCover 12.5 ;",
        f"  dafab:citation {told} ; geo:hasGeometry <{THING}/geometry> .",
        f"<{THING}/geometry> geo:asWKT {json.dumps(square())}^^geo:wktLiteral .",
    ]
    for one in ODD:
        lines.append(f"<{THING}> <{one}> <{one}> ; a <{one}> .")
        lines.append(f"<{one}> rdfs:label {told} ; rdfs:seeAlso <{THING}> .")
    return "\n".join(lines)


def square() -> str:
    return "POLYGON ((6 49, 7 49, 7 50, 6 50, 6 49))"


def decision() -> dict[str, object]:
    return {
        "type": "dafab:EventDecision",
        "id": PAYLOADS[1],
        "verdict": "distinct",
        "reports": [f"gdacs/{PAYLOADS[0]}", f"glide/{PAYLOADS[1]}"],
        "decided": "2026-11-24T09:00:00Z",
        "by": EVERYTHING,
        "because": EVERYTHING,
    }
