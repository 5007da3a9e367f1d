"""query, show: what the catalogue says."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import typer

from dafab_kg.cli.frame import DONE, Session, WrongUsage, command
from dafab_kg.cli.originals import Originals, write_originals
from dafab_kg.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dafab_kg.catalogue import Catalogue
    from dafab_kg.python.things import Description, Fact
    from dafab_kg.reasoning.reasoner import Facts
    from dafab_kg.store.protocol import Answer, Term

Asked = TypeVar("Asked")

FACTS = ("asserted", "inferred", "both")
FORMATS = (
    "table",
    "csv",
    "tsv",
    "json",
    "xml",
    "geojson",
    "turtle",
    "ntriples",
    "jsonld",
    "rdfxml",
)


_LIST = re.compile(r"(VALUES\s+\S+\s*\{)(?:(?:\s*<[^>]*>){3,}\s*|\s*)\}")
_PREFIX_LINE = re.compile(r"^\s*PREFIX\b[^\n]*\n", re.IGNORECASE | re.MULTILINE)


def add(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    command(app, "query")(query)
    command(app, "show")(show)


def query(
    session: Session,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="The SPARQL query.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="File that holds the query; - for input.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help="A saved query.")] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            help="A parameter of a saved query as NAME=VALUE; may be repeated.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List the saved queries.", metavar="")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", help=f"One of {', '.join(FORMATS)}.", metavar="FORMAT"),
    ] = None,
    facts: Annotated[
        str,
        typer.Option("--facts", help="Ask what is asserted, inferred, or both.", metavar="WHICH"),
    ] = "both",
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell what the search index finds, and the time.")
    ] = False,
) -> int:
    """Ask a SPARQL query, or one of the saved ones.

    The prefixes of the catalogue (dafab:, id:, geo:, geof:, prov:, ...) need no declaration.
    """
    if list_:
        return list_saved(session)
    if form is not None and form not in FORMATS:
        raise WrongUsage(f"There is no format {form!r}. Choose one of {', '.join(FORMATS)}")
    if facts not in FACTS:
        raise WrongUsage(f"There are no {facts!r} facts. Choose one of {', '.join(FACTS)}")
    if param and name is None:
        raise WrongUsage("Only saved queries have parameters. Give --name NAME with --param")
    asked = _text(text, file, name, param or [])
    if asked is None:
        raise WrongUsage(
            "There must be one query. Give it as TEXT, with --file or with --name "
            "(--list shows names)"
        )
    with session.open(read_only=True) as catalogue:

        def explain_it(text: str) -> dict[str, Any]:
            return catalogue.explain_query(text, facts=cast("Facts", facts))

        if explain:
            print_explanation(session, _declaring(catalogue, asked, explain_it))
            return DONE
        print_answer(session, catalogue, ask(catalogue, asked, cast("Facts", facts)), form)
    return DONE


def ask(catalogue: Catalogue, text: str, facts: Facts = "both") -> Answer:
    """Put a query; declare the catalogue's prefixes if it does not hold without them.

    Raises:
        QueryNotValid: it cannot be answered either way.
    """
    return _declaring(catalogue, text, lambda asked: catalogue.query(asked, facts=facts))


def _declaring(catalogue: Catalogue, text: str, put: Callable[[str], Asked]) -> Asked:
    """Put a text as it is, then with the catalogue's prefixes."""
    from dafab_kg.model.errors import QueryNotValid

    try:
        return put(text)
    except QueryNotValid:
        prefixes = catalogue.names.prefixes.items()
        declared = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in prefixes)
        with suppress(QueryNotValid):
            return put(declared + text)
        raise  # positions are those of the text as given


def print_explanation(session: Session, told: dict[str, Any]) -> None:
    """Print what became of a query."""
    if session.as_json:
        print_json(told)
        return
    for call in told["calls"]:
        print_line(f"SERVICE <{call['endpoint']}>: {_called(call)}")
    if not told["rewritten"]:
        print_line(f"Not rewritten: {told['reason']}")
    for plan in told["tried"]:
        took = sum(plan["milliseconds"].values())
        print_line(f"Tried before, gave too few rows: {_candidates(plan)} ({took:.3f} ms)")
    for one in told["candidates"]:
        use = "" if one["used"] else " (not used)"
        print_line(f"?{one['variable']}: {one['found']} candidates{use} by")
        for part in one["recognised"]:
            print_line(f"  {' '.join(part.split())[:100]}")
    if told["rewritten"]:
        print_line("Asked instead:")
        print_line(_short(told["text"]))
    for stage, took in told["milliseconds"].items():
        print_line(f"{stage}: {took:.3f} ms")
    if told["rows"] is not None:
        print_line(f"{told['rows']:,} row{'' if told['rows'] == 1 else 's'}")
    for fault in told["diagnostics"]:
        print_line(f"{fault['function']} failed {fault['count']} times: {fault['message']}")


def _called(call: dict[str, Any]) -> str:
    if "reason" in call:
        return f"left to the engine: {call['reason']}"
    names = " ".join(f"?{name}" for name in call["variables"])
    return (
        f"asked about {call['values']:,} values of {names} in {call['requests']:,} requests: "
        f"{call['rows']:,} solutions ({call['milliseconds']:.3f} ms)"
    )


def _short(text: str) -> str:
    """Leave the prefixes and the lists of candidates out of a query's text."""
    return _LIST.sub(r"\1 ... }", _PREFIX_LINE.sub("", text)).strip()


def _candidates(plan: dict[str, Any]) -> str:
    found = [f"{one['found']} of ?{one['variable']}" for one in plan["candidates"] if one["used"]]
    return ", ".join(found)


def _text(text: str | None, file: Path | None, name: str | None, params: list[str]) -> str | None:
    """Return the query that was given in exactly one of three ways."""
    from dafab_kg.model.errors import FileNotUsable
    from dafab_kg.queries import read_saved

    if [text, file, name].count(None) != 2:
        return None
    if name is not None:
        return read_saved(name).with_parameters(_values(params))
    if file is None:
        return text
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileNotUsable(f"{file} cannot be read as a query: {error}") from error


def _values(params: list[str]) -> dict[str, str]:
    """Return parameters by name."""
    values: dict[str, str] = {}
    for param in params:
        name, sign, value = param.partition("=")
        if not sign or not name:
            raise WrongUsage(f"{param!r} is no parameter. Write --param NAME=VALUE")
        if name in values:
            raise WrongUsage(f"The parameter {name!r} is given twice")
        values[name] = value
    return values


def list_saved(session: Session) -> int:
    """Print the saved queries."""
    from dafab_kg.queries import saved

    if session.as_json:
        print_json(saved())
    else:
        rows = [(q.name, q.title, ", ".join(p.name for p in q.parameters)) for q in saved()]
        print_table(("name", "question", "parameters"), rows)
    return DONE


def print_answer(session: Session, catalogue: Catalogue, answer: Answer, form: str | None) -> None:
    """Print an answer; a table unless told otherwise, a graph as Turtle."""
    from dafab_kg.store.answers import kind_of, write_answer
    from dafab_kg.web.cells import table_of

    kind = kind_of(answer)
    if form is None:
        machine = "jsonld" if kind == "triples" else "json"
        people = "turtle" if kind == "triples" else "table"
        form = machine if session.as_json else people
    prefixes = catalogue.names.prefixes
    if form == "table":
        table = table_of(answer, prefixes)
        print_table(table.columns, [[cell.text for cell in row] for row in table.rows])
        if kind != "truth" and not session.quiet:
            print_line(f"{len(table.rows):,} row{'' if len(table.rows) == 1 else 's'}")
        return
    sys.stdout.flush()
    out = sys.stdout.buffer
    write_answer(answer, form, out, prefixes)
    if form in ("json", "geojson", "xml", "rdfxml"):  # the others end with a newline
        out.write(b"\n")
    out.flush()


def show(
    session: Session,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="IRI, product id or DID.")],
    form: Annotated[
        str | None, typer.Option("--format", help="turtle or json.", metavar="FORMAT")
    ] = None,
    originals: Originals = None,
) -> int:
    """Show what is known of a thing, and which documents say so."""
    from dafab_kg.model.documents import Part

    if form not in (None, "turtle", "json"):
        raise WrongUsage(f"There is no format {form!r}. Choose turtle or json")
    with session.open(read_only=True) as catalogue:
        found = catalogue.show(identifier)
        if originals is not None:
            for document in found.documents:
                _, files = catalogue.document(document.document_id)
                parts = (Part(name, data) for name, data in files.items())
                write_originals(originals, document.document_id, parts)
        if form == "turtle":
            print_answer(session, catalogue, catalogue.query(f"DESCRIBE <{found.iri}>"), "turtle")
        elif form == "json" or session.as_json:
            print_json(found)
        else:
            print_description(found, catalogue.names.prefixes)
    return DONE


@dataclass(frozen=True)
class _Page:
    """How facts are written: labels of terms, prefixes, and a number for each document."""

    labels: Mapping[str, str]
    prefixes: Mapping[str, str]
    marks: Mapping[str, str]

    def name(self, predicate: str) -> str:
        return self.labels.get(predicate) or self.short(predicate)

    def short(self, iri: str) -> str:
        from dafab_kg.web.cells import shorten

        return shorten(iri, self.prefixes)

    def value(self, term: Term) -> str:
        from dafab_kg.web.cells import cell_of

        return cell_of(term, self.prefixes).text

    def stated_by(self, fact: Fact) -> str:
        return ", ".join(self.marks[graph] for graph in fact.graphs if graph in self.marks)


def print_description(found: Description, prefixes: Mapping[str, str]) -> None:
    """Print a thing for people: facts by predicate, what points to it, who says so."""
    from dafab_kg.cli.labels import term_labels

    marks = {document.graph: str(n) for n, document in enumerate(found.documents, 1)}
    marks[f"{prefixes['id']}inferred"] = "inferred"
    page = _Page(term_labels(), prefixes, marks)
    print_line(found.label)
    print_line(found.iri)
    _print_facts(found, page)
    if found.incoming:
        print_table(
            ("pointed to by", "", "stated by"),
            [
                (page.value(fact.subject), page.name(fact.predicate), page.stated_by(fact))
                for fact in found.incoming
            ],
        )
    print_table(
        ("", "document", "kind", "origin", "loaded", "loader", "mapping", "shapes", "sha-256"),
        [
            (marks[d.graph], d.document_id, d.kind, d.origin, d.loaded_at, d.loader_version,
             d.mapping_version, d.shapes_version, d.content_hash[:12])
            for d in found.documents
        ],
    )  # fmt: skip


def _print_facts(found: Description, page: _Page) -> None:
    """Print the facts of the thing, each predicate named once, and of its parts."""
    facts = sorted(
        found.facts, key=lambda f: (page.value(f.subject), page.name(f.predicate), f.object)
    )
    own: list[tuple[str, str, str]] = []
    parts: list[tuple[str, str, str, str]] = []
    before = ""
    for fact in facts:
        name, value, by = page.name(fact.predicate), page.value(fact.object), page.stated_by(fact)
        if fact.subject.value == found.iri:
            own.append(("" if name == before else name, value, by))
            before = name
        else:
            parts.append((page.value(fact.subject), name, value, by))
    print_table(("fact", "value", "stated by"), own)
    if parts:
        print_table(("part", "fact", "value", "stated by"), parts)
