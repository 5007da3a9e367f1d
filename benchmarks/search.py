"""Searching a large catalogue: dafab-kg over HTTP, plain Oxigraph, and pgstac over HTTP.

    python benchmarks/search.py [--products 30000 ...] [--fields 1000000] [--keep DIR]

Each size is made (``_generated.py``), loaded into each system, and asked the same questions
(``_questions.py``).  dafab-kg is served as a user serves it, ``dafab-kg serve``, and asked by
four clients; so is pgstac, by stac-fastapi-pgstac, and PostGIS by SQL where STAC has no words.
Plain Oxigraph answers in a process of its own, one question after the other, once each.
Answers are compared row by row.  ``--keep`` keeps what was made for the next run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import _pgstac
from _clients import Http, Seen, ask_all
from _made import PROGRAM, Size, make_store
from _questions import Case, Question, questions
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results" / "search.json"
SYSTEMS = ("dafab-kg", "oxigraph", "pgstac")
JSON = "application/json"
SETTLING = 8
"""Seconds after the start, in which the writer compiles its shapes beside the first answers."""
SPARQL_JSON = "application/sparql-results+json"


@dataclass(frozen=True)
class Plan:
    """How to ask: ``budget`` seconds a question, ``patience`` seconds for one answer."""

    clients: int
    budget: float
    patience: float


@dataclass
class Serving:
    """A running server of ours."""

    address: str
    process: subprocess.Popen[bytes]
    memory: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def served(store: Path, environment: dict[str, str]) -> Iterator[Serving]:
    """Serve a store by the command line until the end of the block."""
    command = [*PROGRAM, "--store", str(store), "serve", "--port", "0", "--json"]
    with (
        store.with_suffix(".log").open("ab") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, env=environment, start_new_session=True
        ) as process,
    ):
        try:
            yield Serving(_told(process)["sparql"], process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:  # it computes on an answer that nobody awaits
                os.killpg(process.pid, signal.SIGKILL)


def _told(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The JSON that a server prints when it is ready, on as many lines as it likes."""
    assert process.stdout is not None
    text = b""
    for line in process.stdout:
        text += line
        try:
            return json.loads(text)  # type: ignore[no-any-return]
        except json.JSONDecodeError:
            continue
    raise RuntimeError(f"dafab-kg serve ended at once: {text.decode()[-1000:]}")


def memory_of(process: int) -> list[dict[str, Any]]:
    """Memory (MB) of a process and all below it: ``own`` is shared with no other process."""
    found = []
    waiting = [process]
    while waiting:
        one = waiting.pop()
        try:
            waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()[1:]
            name = Path(f"/proc/{one}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:
            continue  # it ended meanwhile
        of = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
        found.append(
            {
                "process": Path(name.split()[0]).name,  # no paths of this machine
                "resident": round(of["Rss"]),
                "proportional": round(of["Pss"]),
                "own": round(of["Private_Clean"] + of["Private_Dirty"]),
                "anonymous": round(of["Anonymous"]),
            }
        )
    return found


def read_rows(answer: bytes) -> tuple[int, list[str]]:
    """Rows of a SPARQL answer, and what its first column says in each."""
    said = json.loads(answer)
    first = said["head"]["vars"][0]
    keys = [_short(row[first]["value"]) for row in said["results"]["bindings"]]
    return len(keys), keys


def _short(value: str) -> str:
    return value.removeprefix("https://w3id.org/dafab/id/product/")


def read_features(answer: bytes) -> tuple[int, list[str]]:
    """Rows of a STAC search and their ids."""
    keys = [one["id"] for one in json.loads(answer)["features"]]
    return len(keys), keys


def read_matched(answer: bytes) -> tuple[int, list[str]]:
    """The number of matches that a STAC search tells."""
    said = json.loads(answer)
    return 1, [str(said.get("numberMatched", said.get("context", {}).get("matched")))]


def ask_ours(size: Size, store: Path, asked: Sequence[Question], plan: Plan) -> dict[str, Any]:
    """Ask dafab-kg; a server that does not answer in time is started anew."""
    seen: dict[str, Seen] = {}
    memory: list[dict[str, Any]] = []
    started: list[float] = []
    left = list(asked)
    while left:
        began = time.perf_counter()
        with served(store, size.environment) as server:
            started.append(time.perf_counter() - began)
            time.sleep(SETTLING)
            while left:
                question = left.pop(0)

                def connect() -> Callable[[Case], bytes]:
                    http = Http(server.address, plan.patience)
                    form = "application/x-www-form-urlencoded"

                    def ask(case: Case) -> bytes:
                        body = urlencode({"query": case.sparql}).encode()
                        return http.post(body, form, SPARQL_JSON)

                    return ask

                seen[question.name] = ask_all(
                    question.cases, connect, read_rows, clients=plan.clients, budget=plan.budget
                )
                tell("dafab-kg", question.name, seen[question.name])
                memory = memory_of(server.process.pid)
                if "Timeout" in (seen[question.name].failure or ""):
                    break
    return {"seen": seen, "memory": memory, "start_seconds": min(started)}


def ask_oxigraph(store: Path, asked: Sequence[Question], plan: Plan) -> dict[str, Any]:
    """Ask plain Oxigraph in a process of its own, which is ended when its time is over."""
    seen: dict[str, Seen] = {}
    for question in asked:
        one = Seen()
        if question.plain is not None:
            one.failure = question.plain
        else:
            lines, one.failure = _run_phase(store, question, plan)
            for number, line in enumerate(lines):
                said = json.loads(line)
                one.seconds.append(said["seconds"])
                one.answers[number] = said["keys"]
                one.rows.append(len(said["keys"]))
        seen[question.name] = one
        tell("oxigraph", question.name, one)
    return {"seen": seen}


def _run_phase(store: Path, question: Question, plan: Plan) -> tuple[list[bytes], str | None]:
    """What the process of plain Oxigraph printed, and why it printed nothing."""
    command = [sys.executable, __file__, "--phase", str(store)]
    given = json.dumps({"budget": plan.budget, "cases": [c.sparql for c in question.cases]})
    with tempfile.TemporaryFile() as out:
        try:
            subprocess.run(
                command, input=given.encode(), stdout=out, timeout=plan.patience, check=True
            )
            late = False
        except subprocess.TimeoutExpired:
            late = True
        out.seek(0)
        lines = out.read().splitlines()
    return lines, f"over {plan.patience:.0f} s" if late and not lines else None


def phase(store: Path) -> None:
    """Answer the cases of standard input one after the other, until the time is over."""
    import pyoxigraph as ox

    given = json.load(sys.stdin)
    engine = ox.Store.read_only(str(store / "graph"))
    until = time.perf_counter() + given["budget"]
    for query in given["cases"]:
        began = time.perf_counter()
        results = engine.query(query)
        answer = results.serialize(format=ox.QueryResultsFormat.JSON)  # type: ignore[union-attr]
        took = time.perf_counter() - began
        keys = read_rows(answer)[1]  # type: ignore[arg-type]
        print(json.dumps({"seconds": took, "keys": keys}), flush=True)
        if time.perf_counter() > until:
            break


def ask_pgstac(size: Size, place: Path, asked: Sequence[Question], plan: Plan) -> dict[str, Any]:
    """Ask pgstac over HTTP, and PostGIS by SQL what STAC cannot say."""
    seen: dict[str, Seen] = {}

    def put(case: Case, http: Http) -> bytes:
        return http.post(json.dumps(case.stac).encode(), JSON, "application/geo+json")

    with _pgstac.cluster(size, place) as (cluster, figures):
        figures["version"] = cluster.version
        for counting in (False, True):
            chosen = [q for q in asked if q.cases[0].stac and q.cases[0].count is counting]
            with _pgstac.served(cluster, counting=counting) as address:
                for question in chosen:

                    def connect(address: str = address) -> Callable[[Case], bytes]:
                        http = Http(address, plan.patience)
                        return lambda case: put(case, http)

                    seen[question.name] = ask_all(
                        question.cases,
                        connect,
                        read_matched if counting else read_features,
                        clients=plan.clients,
                        budget=plan.budget,
                    )
                    tell("pgstac", question.name, seen[question.name])
        wrappers = {
            "anomaly": "(item.content->'properties'->>'dafab:anomaly_type')",
            "cloud": "(item.content->'properties'->>'eo:cloud_cover')::float8",
        }
        cases = {
            q.name: [
                c.sql.format(**wrappers) if "{anomaly}" in c.sql else c.sql
                for c in q.cases
                if c.sql
            ]
            for q in asked
            if q.cases[0].sql
        }
        for name, one in _pgstac.ask_sql(
            cluster, cases, clients=plan.clients, budget=plan.budget
        ).items():
            seen[name] = one
            tell("PostGIS", name, one)
    return {"seen": seen, "made": figures}


def tell(system: str, name: str, seen: Seen) -> None:
    """Say how far the run is."""
    middle = seen.part(0.5)
    said = f"{middle * 1000:.2f} ms" if middle is not None else "-"
    print(f"{system}: {name}: {said} {seen.failure or ''}", file=sys.stderr, flush=True)


def differences(answers: dict[str, dict[int, list[str]]]) -> list[str]:
    """Say which systems answered a case differently from the first that answered it."""
    found = []
    systems = list(answers)
    for place, system in enumerate(systems):
        for other in systems[place + 1 :]:
            for number in sorted(answers[system].keys() & answers[other].keys()):
                left, right = answers[system][number], answers[other][number]
                if left != right:
                    kind = "order" if sorted(left) == sorted(right) else "rows"
                    found.append(f"case {number}: {system} and {other} differ in {kind}")
    return found


def run_size(size: Size, place: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Make one size, ask all systems, and return all figures."""
    plan = Plan(arguments.clients, arguments.budget, arguments.patience)
    asked = [
        question
        for question in questions(size.seed, arguments.cases, size.floods, size.fields)
        if not arguments.questions or any(word in question.name for word in arguments.questions)
    ]
    found: dict[str, Any] = {}
    store, made = make_store(size, place)
    if "dafab-kg" in arguments.systems:
        found["dafab-kg"] = ask_ours(size, store, asked, plan)
    if "oxigraph" in arguments.systems:
        found["oxigraph"] = ask_oxigraph(store, asked, plan)
    found.setdefault("dafab-kg", {"seen": {}})["made"] = made
    if "pgstac" in arguments.systems:
        absent = _pgstac.missing()
        if absent:
            print(f"pgstac is left out: {absent}", file=sys.stderr)
        else:
            found["pgstac"] = ask_pgstac(size, place, asked, plan)
    rows = []
    for question in asked:
        answers = {
            system: one["seen"][question.name].answers
            for system, one in found.items()
            if question.name in one["seen"]
        }
        rows.append(
            {
                "question": question.name,
                "systems": {
                    system: figures_of(one["seen"][question.name])
                    for system, one in found.items()
                    if question.name in one["seen"]
                },
                "compared": sum(
                    1
                    for number in range(len(question.cases))
                    if sum(number in given for given in answers.values()) > 1
                ),
                "differences": differences(answers),
            }
        )
    for one in found.values():
        one.pop("seen")
    return {"size": vars(size), "questions": rows, "systems": found}


def figures_of(seen: Seen) -> dict[str, Any]:
    """What the results keep of what clients saw."""

    def milliseconds(share: float) -> float | None:
        part = seen.part(share)
        return None if part is None else round(part * 1000, 3)

    return {
        "p50_ms": milliseconds(0.5),
        "p95_ms": milliseconds(0.95),
        "asked": len(seen.seconds),
        "rows": round(sum(seen.rows) / len(seen.rows), 1) if seen.rows else None,
        "failure": seen.failure,
    }


def report(results: list[dict[str, Any]]) -> None:
    """Print a table for each size."""
    for result in results:
        size = result["size"]
        title = ", ".join(f"{size[name]:,} {name}" for name in ("products", "fields", "events"))
        table = Table(title=title + ": p50 / p95 in milliseconds")
        for column in ("question", "rows", *SYSTEMS, "times oxigraph", "times pgstac", "equal"):
            table.add_column(column, justify="left" if column == "question" else "right")
        for row in result["questions"]:
            of = row["systems"]
            ours = of.get("dafab-kg", {}).get("p50_ms")
            table.add_row(
                row["question"],
                str(next((one["rows"] for one in of.values() if one["rows"] is not None), "-")),
                *(cell_of(of.get(system)) for system in SYSTEMS),
                *(_times(of.get(system), ours) for system in SYSTEMS[1:]),
                f"{row['compared']} cases" if not row["differences"] else "NO",
            )
        Console(width=150).print(table)
        for system, one in result["systems"].items():
            if "made" in one:
                print(f"{system}, made: {json.dumps(one['made'])}")
        for one in result["systems"].get("dafab-kg", {}).get("memory", ()):
            print(f"memory in MB: {json.dumps(one)}")
        for row in result["questions"]:
            for difference in row["differences"][:3]:
                print(f"{row['question']}: {difference}")


def cell_of(figures: dict[str, Any] | None) -> str:
    """What a table shows of :func:`figures_of`."""
    if figures is None:
        return "-"
    if figures["p50_ms"] is None:
        return str(figures["failure"] or "-")[:40]
    mark = " *" if figures["failure"] else ""
    return f"{figures['p50_ms']:,.2f} / {figures['p95_ms']:,.2f}{mark}"


def _times(figures: dict[str, Any] | None, ours: float | None) -> str:
    if figures is None or not figures["p50_ms"] or not ours:
        return "-"
    return f"{figures['p50_ms'] / ours:,.1f}"


def main() -> None:
    """Run all sizes and keep the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--products", type=int, nargs="+", default=[30_000])
    parser.add_argument("--fields", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--named", action="store_true", help="statements in named graphs too")
    parser.add_argument("--reasoning", action="store_true", help="infer what follows, too")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--questions", nargs="+", help="only those with one of these words")
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--budget", type=float, default=10, help="seconds for each question")
    parser.add_argument("--patience", type=float, default=120, help="seconds for one answer")
    parser.add_argument("--keep", type=Path, help="directory that keeps what is made")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--phase", type=Path)
    arguments = parser.parse_args()
    if arguments.phase:
        phase(arguments.phase)
        return
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        place = arguments.keep or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        for products in arguments.products:
            size = Size(
                products,
                arguments.fields,
                arguments.events,
                arguments.seed,
                arguments.named,
                arguments.reasoning,
            )
            results.append(run_size(size, place.resolve(), arguments))
            report(results[-1:])
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(
        json.dumps(
            {
                "machine": f"{platform.machine()}, {os.cpu_count()} cores",
                "python": platform.python_version(),
                "pyoxigraph": version("pyoxigraph"),
                "clients": arguments.clients,
                "results": results,
            },
            indent=2,
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
