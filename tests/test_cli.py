"""The command: exit codes, both forms of output, options on both sides of the name."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from dafab_kg.cli import main
from dafab_kg.cli.loading import print_counts, print_rejections
from dafab_kg.cli.originals import write_originals
from dafab_kg.cli.setting import shown
from dafab_kg.ingest.report import LoadReport, Outcome
from dafab_kg.model.documents import Part
from dafab_kg.model.errors import FileNotUsable
from dafab_kg.queries import saved

COMMANDS = (
    "load", "query", "show", "delete", "validate", "quarantine", "stats", "doctor", "dump",
    "restore", "sample", "serve", "mapping", "config", "run", "harvest", "enrich", "derive",
    "events", "rucio", "files",
)  # fmt: skip
COUNT = "SELECT (COUNT(*) AS ?n) { ?p a dafab:SourceProduct }"


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A directory with a sample, loaded into the catalogue ``store``."""
    folder = tmp_path_factory.mktemp("cli")
    assert main(["sample", str(folder / "sample"), "--seed", "7", "--products", "6", "-q"]) == 0
    broken = folder / "broken"
    broken.mkdir()
    (broken / "item.json").write_text('{"type": "Feature", "stac_version": "1.0.0", "id": "x"')
    assert main(["load", str(folder / "sample"), "--store", str(folder / "store"), "-q"]) == 0
    return folder


@pytest.fixture(autouse=True)
def settled(monkeypatch, tmp_path):
    """No settings from outside."""
    for name in [key for key in os.environ if key.upper().startswith("DAFAB_")]:
        if name != "DAFAB_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(place, capsys):
    """Run the command over the loaded catalogue; give code, standard output and error."""

    def run(*arguments: str, store: Path | None = None) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--store", str(store or place / "store"), *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return run


def process(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from dafab_kg.cli import main; sys.exit(main())"]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=120, **options
    )


# help and usage


def test_help_names_every_command_and_imports_nothing_heavy():
    program = (
        "import sys\nfrom dafab_kg.cli import main\nassert main(['--help']) == 0\n"
        "heavy = {'geopandas', 'rdflib', 'pyshacl', 'shapely', 'pyoxigraph', 'flask', 'lxml',"
        " 'pydantic'} & set(sys.modules)\nassert not heavy, heavy"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert all(command in ended.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_the_shared_options(command, capsys):
    inner = {
        "quarantine": ["list"],
        "events": ["list"],
        "mapping": ["export"],
        "derive": ["water"],
        "rucio": ["publish"],
    }.get(command, [])
    assert main([command, *inner, "--help"]) == 0
    assert "--store" in capsys.readouterr().out


def test_version(capsys):
    from dafab_kg import __version__

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"dafab-kg {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["nonsense"], ["load"], ["query"], ["query", "ASK {}", "--name", "headline-1"],
        ["query", "ASK {}", "--format", "parquet"], ["show", "x", "--format", "pdf"],
        ["query", "ASK {"], ["query", "CONSTRUCT WHERE {?s ?p ?o}", "--format", "csv"],
        ["query", "ASK {}", "--format", "geojson"], ["query", "ASK {}", "--unknown"],
        ["load", "x", "--jobs", "0"], ["load", "x", "--jobs", "many"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_2_in_one_line(call, arguments):
    code, _, err = call(*arguments)
    assert code == 2
    assert err.count("\n") <= 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "--name", "nothing"], ["show", "nothing"], ["delete", "nothing"],
        ["quarantine", "show", "nothing"], ["query", "--file", "nothing.rq"],
        ["restore", "nothing.nq.gz"], ["load", "nothing"], ["validate", "nothing"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_not_there_is_1_in_one_line(call, arguments):
    code, out, err = call(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("dafab-kg: ") and err.count("\n") == 1
    code, out, _ = call("--json", *arguments)
    assert code == 1
    assert json.loads(out)["what"]


def test_a_missing_catalogue_is_1_with_a_remedy(call, tmp_path):
    for command in (["stats"], ["query", "ASK {}"], ["doctor"], ["quarantine", "list"]):
        code, _, err = call(*command, store=tmp_path / "none")
        assert code == 1
        assert "load" in err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "error", "remedy"),
    [
        (["query", "ASK {}", "--format", "bogus"], 2, "WrongUsage", "Choose one of table"),
        (["query"], 2, "WrongUsage", "Give it as TEXT"),
        (["query", "ASK {"], 2, "QueryNotValid", "Correct"),
        (["show", "nothing"], 1, "ThingNotFound", "Give an IRI"),
        (["load", "nothing"], 1, "FileNotUsable", "check the path"),
        (["quarantine", "show", "x"], 1, "ThingNotFound", "`dafab-kg quarantine list`"),
    ],
    ids=str,
)
def test_errors_as_json_are_in_parts(call, arguments, code, error, remedy):
    ended, out, _ = call(*arguments, "--json")
    told = json.loads(out)
    assert (ended, told["error"]) == (code, error)
    assert set(told) == {"error", "what", "where", "remedy"}
    assert told["remedy"].startswith(remedy) and remedy not in told["what"]


def test_an_empty_store_is_wrong_usage(capsys):
    assert main(["stats", "--store", ""]) == 2
    assert "--store" in capsys.readouterr().err


def test_flags_have_no_type_in_help(capsys):
    assert main(["load", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if "--json" in line and "bool" in line]


@pytest.mark.parametrize("form", ["json", "xml", "geojson", "jsonld", "rdfxml"])
def test_answers_to_a_pipe_end_with_one_newline(call, form):
    graph = form in ("jsonld", "rdfxml")
    query = f"{'CONSTRUCT WHERE' if graph else 'SELECT *'} {{ ?s geo:asWKT ?w }}"
    out = call("query", query, "--format", form)[1]
    assert out.endswith("\n") and not out.endswith("\n\n")


# options on both sides


@pytest.mark.parametrize(
    "arguments",
    [
        ["--store", "{store}", "--json", "query", COUNT],
        ["query", COUNT, "--store", "{store}", "--json"],
        ["query", "--json", "--store={store}", COUNT],
        ["--json", "query", "--store", "{store}", COUNT],
        ["--store", "/nowhere", "query", "--store", "{store}", COUNT, "--json"],
    ],
)
def test_store_and_json_before_and_after_the_name(place, capsys, arguments):
    filled = [argument.replace("{store}", str(place / "store")) for argument in arguments]
    assert main(filled) == 0
    bindings = json.loads(capsys.readouterr().out)["results"]["bindings"]
    assert bindings[0]["n"]["value"] == "6"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "quarantine", "list"],
        ["quarantine", "--json", "list"],
        ["quarantine", "list", "--json"],
    ],
)
def test_options_reach_commands_of_groups(call, arguments):
    code, out, _ = call(*arguments)
    assert (code, json.loads(out)) == (0, [])


def test_the_store_may_come_from_the_environment(place, monkeypatch, capsys):
    monkeypatch.setenv("DAFAB_STORE", str(place / "store"))
    assert main(["query", COUNT, "--format", "csv"]) == 0
    assert capsys.readouterr().out.split() == ["n", "6"]


# load, quarantine, validate


def test_a_second_load_changes_nothing(call, place):
    code, out, _ = call("load", str(place / "sample"), "--json")
    report = json.loads(out)
    assert code == 0
    assert set(report["counts"]) <= {"unchanged", "unrecognised"}
    assert not report["rejected"] and not report["interrupted"]


def test_counts_are_printed_by_kind(call, place, tmp_path):
    code, out, _ = call("load", str(place / "sample"), store=tmp_path / "other")
    assert code == 0
    assert all(word in out for word in ("sentinel2", "dafab", "loaded", "triples stored"))
    _, out, _ = call("load", str(place / "sample"), "--quiet", store=tmp_path / "other")
    assert out == ""


def test_a_rejection_is_1_with_its_reason_and_lies_in_quarantine(call, place, tmp_path):
    store = tmp_path / "other"
    code, out, _ = call("load", str(place / "broken"), store=store)
    assert code == 1
    assert "rejected: " in out and "item.json" in out
    code, out, _ = call("quarantine", "list", "--json", store=store)
    [entry] = json.loads(out)
    assert code == 0 and entry["message"] and "parts" not in entry
    code, out, _ = call("quarantine", "show", entry["document_id"], store=store)
    assert code == 0 and entry["error"] in out
    code, _, _ = call("quarantine", "retry", store=store)
    assert code == 1


def test_what_was_refused_is_discarded(call, place, tmp_path):
    store = tmp_path / "other"
    call("load", str(place / "broken"), store=store)
    _, out, _ = call("quarantine", "list", "--json", store=store)
    [entry] = json.loads(out)
    assert call("quarantine", "discard", store=store)[0] == 2  # nothing is named
    assert call("quarantine", "discard", entry["document_id"], "x", store=store)[0] == 1
    code, out, _ = call("quarantine", "discard", entry["document_id"], "--json", store=store)
    assert code == 0 and json.loads(out) == {"discarded": [entry["document_id"]]}
    assert "0 discarded" in call("quarantine", "discard", "--all", store=store)[1]


def test_strict_stops_at_the_first_rejection(call, place, tmp_path):
    code, out, _ = call(
        "load", str(place / "broken"), str(place / "sample"), "--strict", "--json",
        store=tmp_path / "other",
    )  # fmt: skip
    report = json.loads(out)
    assert code == 1
    assert len(report["rejected"]) == 1
    assert report["counts"].get("loaded", 0) == 0


def test_nothing_found_is_1(call, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = call("load", str(tmp_path / "empty"))
    assert code == 1 and "no document" in err


def test_validate_stores_nothing_and_needs_no_store(call, place, tmp_path):
    code, out, _ = call("validate", str(place / "sample"), "--json", store=tmp_path / "none")
    statuses = {outcome["status"] for outcome in json.loads(out)["outcomes"]}
    assert code == 0 and "valid" in statuses
    code, out, _ = call("validate", str(place / "broken"), store=tmp_path / "none")
    assert code == 1 and "rejected: " in out
    assert not (tmp_path / "none").exists()


def test_validate_judges_rdf_of_anybody_by_any_shapes(call, tmp_path):
    shapes, data = tmp_path / "shapes.ttl", tmp_path / "data.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . <x:S> sh:targetClass <x:C> ; "
        "sh:property [ sh:path <x:p> ; sh:minCount 1 ; sh:message 'A p is missing.' ] ."
    )
    data.write_text("<x:a> a <x:C> .")
    command = ("validate", str(data), "--shapes", str(shapes))
    code, out, _ = call(*command)
    assert code == 1 and "x:a" in out and "A p is missing." in out and "x:S" in out
    code, out, _ = call(*command, "--format", "turtle")
    assert code == 1 and "sh:conforms false" in out
    code, out, _ = call(*command, "--json")
    assert code == 1 and [one["focus"] for one in json.loads(out)["results"]] == ["x:a"]
    data.write_text("<x:a> a <x:C> ; <x:p> 1 .")
    assert call(*command)[0] == 0
    assert call("validate", "--shapes", str(shapes))[0] == 2
    shapes.write_text("<x:S> <http://www.w3.org/ns/shacl#targetClass> 'no IRI' .")
    assert call(*command)[0] == 2


def test_validate_without_data_judges_the_store(call):
    code, out, _ = call("validate")
    assert code == 0 and "Conforms" in out
    code, out, _ = call("validate", "--tier", "publish", "--format", "json")
    assert code == 0 and json.loads(out) == {"conforms": True, "results": []}


def test_a_load_of_what_is_not_there_makes_no_store(call, tmp_path):
    for command in (["load"], ["run", "--no-serve"]):
        assert call(*command, str(tmp_path / "nothing"), store=tmp_path / "s9")[0] == 1
        assert not (tmp_path / "s9").exists()


def test_strict_says_on_its_last_line_that_it_stopped(call, place, tmp_path):
    _, out, _ = call("load", str(place / "broken"), "--strict", store=tmp_path / "other")
    last = out.splitlines()[-1]
    assert "Stopped" in last and "without --strict" in last
    _, out, _ = call("load", str(place / "broken"), store=tmp_path / "another")
    assert "Stopped" not in out


def test_some_warnings_are_printed_and_the_rest_counted(capsys):
    outcome = Outcome("x", "stac", "a.json", "loaded", 1, "", tuple(f"odd {n}" for n in range(7)))
    print_counts(LoadReport((outcome,), 0.1))
    *_, first, _, _, _, fifth, more = capsys.readouterr().out.splitlines()
    assert (first, fifth) == ("warning: a.json: odd 0", "warning: a.json: odd 4")
    assert more == "and 2 more; --json lists them all"


def test_rejections_end_sentences_once_and_cut_long_values(capsys):
    message = f"Found '{'9' * 500}'.. dafab-kg quarantine show x"
    print_rejections([Outcome("x", "stac", "a.json", "rejected", 0, message)])
    out = capsys.readouterr().out
    assert len(out) < 200 and "(500 characters)'. dafab-kg" in out


# query, show


@pytest.mark.parametrize("query", saved(), ids=lambda query: query.name)
def test_every_saved_query_is_answered(call, query):
    code, out, _ = call("query", "--name", query.name)
    assert code == 0 and out


def test_saved_queries_are_listed(call):
    _, out, _ = call("query", "--list")
    assert all(query.name in out for query in saved())
    _, out, _ = call("query", "--list", "--json")
    assert [entry["name"] for entry in json.loads(out)] == [query.name for query in saved()]


def test_parameters_of_saved_queries(call):
    out = call("query", "-n", "most-fields", "--param", "rows=1", "--format", "csv")[1]
    assert len(out.splitlines()) == 2
    for given, told in {
        "rows=many": "no value of the parameter rows",
        "rows": "Write --param NAME=VALUE",
        "rose=1": "There are: rows",
    }.items():
        code, _, error = call("query", "-n", "most-fields", "--param", given)
        assert code != 0 and told in error
    code, _, error = call("query", "ASK {}", "--param", "a=1")
    assert code == 2 and "Only saved queries have parameters" in error


def test_formats_of_rows(call):
    query = "SELECT ?w { ?p a dafab:SourceProduct ; geo:hasGeometry/geo:asWKT ?w } ORDER BY ?w"
    table = list(csv.reader(io.StringIO(call("query", query, "--format", "csv")[1])))
    rows = json.loads(call("query", query, "--format", "json")[1])["results"]["bindings"]
    features = json.loads(call("query", query, "--format", "geojson")[1])["features"]
    assert [row[0] for row in table[1:]] == [row["w"]["value"] for row in rows]
    assert len(features) == len(rows) == 6
    shown_rows = call("query", query)[1]
    assert "POLYGON (… " in shown_rows and "6 rows" in shown_rows


def test_a_query_from_a_file_and_from_input(call, tmp_path, monkeypatch):
    (tmp_path / "q.rq").write_text("ASK {}")
    assert call("query", "--file", "q.rq")[1].split()[-1] == "yes"
    monkeypatch.setattr(sys, "stdin", io.StringIO("ASK { FILTER(false) }"))
    assert call("query", "--file", "-")[1].split()[-1] == "no"


def test_a_malformed_query_says_where(call):
    code, _, err = call("query", "SELECT * {\n ?s ?p\n}")
    assert code == 2 and "line 3, column" in err
    code, _, err = call("query", "ASK {")
    assert code == 2 and len(err) < 250 and "u{" not in err


def test_show_says_what_who_and_since_when(call):
    [[name]] = list(
        csv.reader(io.StringIO(call(
            "query", "SELECT ?id { ?p a dafab:SourceProduct ; dafab:productId ?id } LIMIT 1",
            "--format", "csv")[1]))
    )[1:]  # fmt: skip
    code, out, _ = call("show", name)
    assert code == 0
    assert name in out and "cloud cover" in out and "sentinel2" in out
    found = json.loads(call("show", name, "--json")[1])
    assert found["documents"][0]["content_hash"]
    assert {fact["subject"]["value"] for fact in found["facts"]} >= {found["iri"]}
    code, out, _ = call("show", found["iri"], "--format", "turtle")
    assert code == 0 and "dafab:productId" in out


# keeping


def test_stats_and_doctor(call):
    stats = json.loads(call("stats", "--json")[1])
    assert stats["classes"]["https://w3id.org/dafab/ns#SourceProduct"] == 6
    assert "dafab:SourceProduct" in call("stats")[1]
    code, out, _ = call("doctor", "--json")
    assert (code, json.loads(out)) == (0, {"whole": True, "findings": []})


def test_dump_restore_and_delete(call, tmp_path):
    triples = json.loads(call("stats", "--json")[1])["triples"]
    assert call("dump", str(tmp_path / "all.nq.gz"))[0] == 0
    other = tmp_path / "other"
    assert call("restore", str(tmp_path / "all.nq.gz"), store=other)[0] == 0
    assert json.loads(call("stats", "--json", store=other)[1])["triples"] == triples
    query = "SELECT ?id { ?p a dafab:SourceProduct ; dafab:productId ?id } LIMIT 1"
    name = call("query", query, "--format", "tsv", store=other)[1].split("\n")[1].strip('"')
    code, out, _ = call("delete", name, "--json", store=other)
    assert code == 0 and json.loads(out)["removed"]
    left = call("query", COUNT, "--format", "csv", store=other)[1]
    assert left.split() == ["n", "5"]


def test_config_names_the_origin_of_each_setting(call, tmp_path, monkeypatch, capsys):
    (tmp_path / "dafab.toml").write_text("agent = 'someone'\nport = 1\n")
    monkeypatch.setenv("DAFAB_PORT", "2")
    rows = json.loads(call("config", "--json")[1])
    assert rows["agent"] == {"value": "someone", "origin": "dafab.toml"}
    assert rows["port"] == {"value": 2, "origin": "environment (DAFAB_PORT)"}
    assert rows["host"]["origin"] == "default"
    assert rows["store"]["origin"] == "option --store"


@pytest.mark.parametrize("name", ["rucio_token", "api_key", "password"])
def test_config_shows_no_secrets(name):
    assert shown(name, "hunter2") == "(set)"


@pytest.mark.parametrize(
    ("variable", "value"), [("DAFAB_PORT", "many"), ("DAFAB_BASE", "no iri"), ("DAFAB_PORT", "-1")]
)
def test_a_wrong_setting_is_2_and_named(call, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    code, _, err = call("config")
    assert code == 2 and variable in err


def test_a_broken_settings_file_is_2(call, tmp_path):
    (tmp_path / "dafab.toml").write_text("port = ")
    code, _, err = call("config")
    assert code == 2 and err.count("\n") == 1


def test_mapping_export_is_rml(call):
    code, out, _ = call("mapping", "export")
    assert code == 0 and "rr:subjectMap" in out


# processes


def test_a_closed_pipe_is_quiet(place):
    query = "SELECT * { ?s ?p ?o . ?s2 ?p ?o2 } LIMIT 200000"
    command = [sys.executable, "-c", "import sys; from dafab_kg.cli import main; sys.exit(main())"]
    with subprocess.Popen(
        [*command, "--store", str(place / "store"), "query", query, "--format", "csv"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdout and running.stderr
        running.stdout.read(100)
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(timeout=60) == 0


def test_serve_answers_and_ends_in_order(place):
    command = [sys.executable, "-c", "import sys; from dafab_kg.cli import main; sys.exit(main())"]
    with subprocess.Popen(
        [*command, "serve", "--port", "0", "--json", "--store", str(place / "store")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        try:
            assert running.stdout and running.stderr
            text = ""
            while not text.endswith("}\n"):
                line = running.stdout.readline()
                assert line, running.stderr.read()
                text += line
            address = json.loads(text)["address"]
            assert httpx.get(address + "health").json()["status"] == "ok"
            page = httpx.get(address + "holdings", headers={"Accept": "text/html"})
            assert "dafab:SourceProduct" in page.text
            for query in saved():
                found = httpx.get(f"{address}queries/{query.name}", headers={"Accept": "text/html"})
                assert found.status_code == 200
            where = httpx.get(address + "sparql", params={"query": "ASK { ?s ?p ?o }"})
            assert where.json()["boolean"] is True
        finally:
            running.send_signal(signal.SIGTERM)
            assert running.wait(timeout=30) == 0


def test_an_interrupt_that_a_callback_swallows_comes_all_the_same() -> None:
    code = """if True:
        import os, signal, sys, time, weakref
        from dafab_kg.cli import app

        class Held: ...

        def load(*_, **__):
            held = Held()
            interrupt = lambda _: (os.kill(os.getpid(), signal.SIGINT), time.sleep(0.1))
            gone = weakref.ref(held, interrupt)
            del held  # as the lock of an imported module goes
            time.sleep(5)

        app.typer.main.get_command = lambda _: type("Command", (), {"main": staticmethod(load)})
        sys.exit(app.main(["load"]))
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert "interrupted" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "delay", [0.5, *(pytest.param(delay, marks=pytest.mark.oracle) for delay in (0.0, 1.0))]
)
def test_an_interrupted_load_says_so_and_is_resumed_by_the_same_command(tmp_path, call, delay):
    sample, store = tmp_path / "sample", tmp_path / "store"
    assert main(["sample", str(sample), "--products", "60", "-q"]) == 0
    command = [sys.executable, "-c", "import sys; from dafab_kg.cli import main; sys.exit(main())"]
    with subprocess.Popen(
        [*command, "load", str(sample), "--store", str(store)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # whatever started the tests may ignore it, as a shell does for what is in the background
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as running:  # fmt: skip
        while running.poll() is None and not (store / "catalogue.json").exists():
            time.sleep(0.05)
        time.sleep(delay)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "interrupted" in err and "Traceback" not in err
    code, _, _ = call("load", str(sample), store=store)
    assert code == 0
    assert call("doctor", store=store)[0] == 0
    assert call("query", COUNT, "--format", "csv", store=store)[1].split() == ["n", "60"]


def test_run_does_it_all(place, tmp_path):
    ended = process(
        "run", str(place / "sample"), "--no-serve", "--store", str(tmp_path / "run-store")
    )
    assert ended.returncode == 0, ended.stderr
    headlines = [query.title for query in saved() if query.name.startswith("headline-")]
    assert len(headlines) == 2 and all(title in ended.stdout for title in headlines)


# originals


def test_originals_come_back_byte_for_byte(call, place, tmp_path):
    delivered = next((place / "sample" / "dafab").rglob("*_water_analysis_*.json"))
    product = json.loads(delivered.read_text())["id"]
    code, _, _ = call("show", product, "--originals", str(tmp_path / "back"))
    assert code == 0
    (written,) = (tmp_path / "back").rglob(delivered.name)
    assert written.read_bytes() == delivered.read_bytes()


def test_a_rejected_original_comes_back_too(call, place, tmp_path):
    store = tmp_path / "store"
    assert call("load", str(place / "broken"), store=store)[0] == 1
    _, out, _ = call("quarantine", "list", "--json", store=store)
    document = json.loads(out)[0]["document_id"]
    back = tmp_path / "back"
    assert call("quarantine", "show", document, "--originals", str(back), store=store)[0] == 0
    (written,) = back.rglob("item.json")
    assert written.read_bytes() == (place / "broken" / "item.json").read_bytes()


def test_an_original_cannot_be_written_elsewhere(tmp_path):
    with pytest.raises(FileNotUsable):
        write_originals(tmp_path / "back", "x", [Part("../../escaped", b"x")])
    assert not (tmp_path.parent / "escaped").exists()


@pytest.mark.parametrize("value", ["https://a.example=CDSE", "[1]", '{"https://a.example/": 1}'])
def test_where_files_lie_is_told_in_json_and_an_error_shows_how(monkeypatch, capsys, value):
    monkeypatch.setenv("DAFAB_RUCIO_RSES", value)
    assert main(["rucio", "status"]) != 0
    told = capsys.readouterr().err
    assert '{"https://eodata.example/": "CDSE"}' in told and "DAFAB_RUCIO_RSES" in told
