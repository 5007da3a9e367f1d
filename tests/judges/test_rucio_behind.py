"""In front of a real Rucio 41.5.1: its stock client and dafab-client go through this server.

What the stock client reads through us is compared with what it reads of that Rucio itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.judges import notebook_items as made
from tests.judges.clients import Told, by_name, files_at, run_client, value
from tests.judges.environments import python_with
from tests.judges.objects import storage
from tests.judges.real_rucio import CLIENT, Rucio, client_config
from tests.judges.test_dafab_notebook import IDS, load
from tests.serving.served import Server

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


STORAGE, SIGNING = "MELUXINA_S3", "SIGNING_S3"
ITEM = next(iter(made.SCENES))
KEY = "B11_20m"
FILE = f"{ITEM}_{KEY}.bin"
"""An asset's file, which Rucio knows with its replica."""
SUM = f"{zlib.adler32(made.DATA):08x}"
FILES = [
    {"scope": "extra", "name": "a.tif", "bytes": 5, "adler32": "0cc737eb"},
    {"scope": "dafab", "name": FILE, "bytes": len(made.DATA), "adler32": SUM},
]
FIELDS = next(name for name in IDS if name.endswith("_smart_agriculture_300"))
PUBLISHED = {
    "item": FIELDS, "key": "dafab-field-boundaries", "data": '{"type": "FeatureCollection"}',
    "original": list(made.SCENES)[1],
}  # fmt: skip
SETS = [{"scope": "extra", "name": "set/one"}]
PASSED = (
    "whoami", "list_accounts", "list_account_attributes", "list_scopes_for_account", "list_rses",
    "get_rse", "get_did", "list_content", "list_files", "list_parent_dids", "list_did_rules",
    "list_replicas", "lfns2pfns", "get_metadata", "list_dids",
)  # fmt: skip


def stock(address: str, password: str, place: Path, name: str, *steps: str, port: int = 9) -> Told:
    """Run Rucio's own client at an address."""
    python = python_with(CLIENT, ".venv-rucio-clients")
    home = place / name
    home.mkdir()
    config = client_config(home, address, password)
    facts = {
        "steps": steps, "files": FILES, "sets": SETS, "storage": STORAGE, "item": ITEM,
        "file": FILE, "port": port, "signing": SIGNING,
    }  # fmt: skip
    run = subprocess.run(
        [str(python), str(Path(__file__).parent / "rucio_client_run.py")],
        input=json.dumps(facts),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "RUCIO_CONFIG": str(config), "HOME": str(home)},
    )
    assert run.returncode == 0, run.stderr[-3000:]
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    if report := os.environ.get("DAFAB_CLIENT_REPORT"):
        Path(report).with_suffix(f".{name}.json").write_text(json.dumps(lines, indent=1))
    return by_name(lines)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """All that the clients were told, by their names; then the Rucio is ended."""
    place = tmp_path_factory.mktemp("behind")
    (place / "files").mkdir()
    (place / "files" / "asset.bin").write_bytes(made.DATA)
    rucio = Rucio(place)
    found: dict[str, Any] = {}
    try:
        with files_at(place / "files") as files, storage(place) as objects:
            load(place, files)
            settings: dict[str, Any] = {
                "did_scopes": made.SCOPES, "rucio_url": rucio.address, "rucio_writers": ["root"],
            }  # fmt: skip
            server = Server(place / "store", **settings)
            try:
                front, password = f"{server.address}rucio", rucio.password
                found["wrong"] = stock(front, "wrong", place, "wrong", "ours")
                found["front"] = stock(front, password, place, "front", "write", "read", "ours")
                found["alone"] = stock(rucio.address, password, place, "alone", "read")
                port = objects.server_port
                found["signing"] = stock(front, password, place, "signing", "sign", port=port)
                keys = {  # by which this Rucio signs addresses
                    "access_key": "a", "secret_key": "s", "signature_version": "s3v4",
                    "region": "here",
                }  # fmt: skip
                accounts = place / "home" / "etc" / "rse-accounts.cfg"
                accounts.parent.mkdir(parents=True)
                accounts.write_text(json.dumps({value(found["signing"], "get_rse")["id"]: keys}))
                facts = {
                    "item": ITEM, "key": KEY, "storage": STORAGE, "note": "by root",
                    "published": PUBLISHED, "stac": f"{server.address}stac", "file": FILE,
                    "signing": SIGNING,
                }  # fmt: skip
                root = {"account": "root", "username": "ddmlab", "password": password}
                found["dafab"] = by_name(
                    run_client(
                        "dafab_client_front.py",
                        server.address,
                        facts,
                        place,
                        **root,
                        environment={"REQUESTS_CA_BUNDLE": str(objects.certificate)},
                    )
                )
                found["objects"] = dict(objects.held)
                book = {"notebook": "user"}
                found["book"] = by_name(
                    run_client("dafab_notebook_run.py", server.address, book, place, **root)
                )
                token = httpx.get(
                    f"{front}/auth/userpass",
                    headers={
                        "X-Rucio-Account": "root",
                        "X-Rucio-Username": "ddmlab",
                        "X-Rucio-Password": password,
                    },
                ).headers["X-Rucio-Auth-Token"]
                rucio.stop()
                with httpx.Client(
                    base_url=f"{front}/", headers={"X-Rucio-Auth-Token": token}, timeout=30
                ) as web:
                    ways = ("rses/", f"dids/dafab/{ITEM}", f"dids/dafab/{FILE}")
                    found["down"] = {way: web.get(way) for way in ways}
                found["log"] = server.log.read_text()
                found["secrets"] = (token, password)
            finally:
                assert server.stop() == 0
        yield found
    finally:
        rucio.stop()


def test_who_is_wrong_is_told_so_by_rucio(run):
    assert "CannotAuthenticate" in run["wrong"]["log in", ""]["error"]


def test_writes_of_the_stock_client_reach_rucio(run):
    told = run["front"]
    for function in (
        "add_scope", "add_account", "add_rse", "add_protocol", "set_local_account_limit",
        "add_replicas", "add_dataset", "attach_dids", "set_metadata", "add_replication_rule",
    ):  # fmt: skip
        assert value(told, function), function
    assert told["add_scope", "again"]["error"].startswith("Duplicate")
    assert value(told, "add_scope", "one that the graph has, too") is True


def test_what_is_read_through_us_is_what_rucio_says(run):
    front, alone = run["front"], run["alone"]
    compared = 0
    for (function, how), there in alone.items():
        if function not in PASSED:
            continue
        here = front[function, how]
        for one in (here, there):
            one.pop("seconds", None)
        assert here == there, (function, how)
        compared += 1
    assert compared >= 18
    assert "error" in front["get_did", "not there"] and "error" in front["get_rse", "not there"]
    (file,) = [one for one in value(front, "list_replicas") if one["scope"] == "extra"]
    assert list(file["rses"]) == [STORAGE]
    assert "metalink" in value(front, "list_replicas", "metalink")


def test_the_stock_client_reads_ours(run):
    told = run["front"]
    assert value(told, "ping")["version"].startswith("dafab-kg")
    assert value(told, "list_scopes") == ["dafab", "hand", "worldcover", "extra"]
    assert value(told, "get_did", "item")["type"] == "CONTAINER"
    assert value(told, "get_did", "assets")["type"] == "DATASET"
    file = value(told, "get_did", "file")
    assert (file["type"], file["bytes"], file["adler32"]) == ("FILE", len(made.DATA), SUM)
    assert [one["name"] for one in value(told, "list_content", "item")] == [f"{ITEM}_assets"]
    members = [one["name"] for one in value(told, "list_content", "assets")]
    assert members == [FILE, f"{ITEM}_TCI_20m.bin"]
    assert [one["name"] for one in value(told, "list_parent_dids", "file")] == [f"{ITEM}_assets"]
    for how, number in (("item", 2), ("assets", 2), ("file", 1)):
        rows = value(told, "list_replicas", how)
        rses = {one["name"]: list(one["rses"]) for one in rows}
        assert len(rows) == len(rses) == number
        assert rses.pop(FILE) == [STORAGE]
        assert set(map(tuple, rses.values())) <= {()}


def test_rucios_files_are_in_the_data_sets_of_items(run):
    told = run["front"]
    ours, own = [FILE, f"{ITEM}_TCI_20m.bin"], f"{ITEM}_by_rucio.tif"
    assert value(told, "add_replicas", "own") and value(told, "attach_dids", "own")
    for function in ("list_content", "list_files", "list_replicas"):
        rows = value(told, function, "with its own")
        assert sorted(one["name"] for one in rows) == sorted([*ours, own]), function
    assert value(told, "detach_dids", "own") is True
    assert [one["name"] for one in value(told, "list_content", "without")] == ours


def test_names_that_both_have_are_listed_once(run):
    told = run["front"]
    names = value(told, "list_dids", "ours")
    assert len(names) == len(set(names))
    ours = [name for name in IDS if name not in made.OTHERS]
    assert {*ours, "stac", "water_basin_mekong", FILE} <= set(names)
    assert "by_stock_client" not in names
    rows = value(told, "list_dids", "ours, long")
    kinds = {one["name"]: one["did_type"] for one in rows}
    names = (FILE, f"{ITEM}_TCI_20m.bin", f"{ITEM}_by_rucio.tif")
    assert kinds == dict.fromkeys(names, "FILE")
    assert told["get_did", "ours, not there"]["error"].startswith("DataIdentifierNotFound")
    assert value(told, "add_container") is True  # root may write into the graph: see the settings
    assert value(told, "list_content", "made") == []


def test_the_dafab_client_has_both(run):
    told = run["dafab"]
    assert value(told, "whoami") == "root"
    assert value(told, "list_stac_scopes") == ["dafab", "hand", "worldcover", "extra"]
    assert sorted(value(told, "list_storages")) == [STORAGE, SIGNING]
    assert value(told, "check_storage") == STORAGE
    assert sorted(value(told, "get_items")) == sorted(n for n in IDS if n not in made.OTHERS)
    assert value(told, "get_bulk_metadata")["id"] == ITEM
    entries = {
        one["asset_key"]: one for one in value(told, "list_item_asset_entries")["asset_entries"]
    }
    assert entries[KEY]["storage_names"] == [STORAGE]
    assert entries["TCI_20m"]["storage_names"] == []
    report = value(told, "download_item_asset")
    assert report["ok"] is True, report
    checks = report["download_validation"]["checks"]
    assert checks["adler32"] is True, checks  # which only Rucio knows
    assert value(told, "ensure_scope_for_account")["reason"] == "added"
    assert "error" not in told["add_rucio_account", ""]
    assert value(told, "ensure_item") is value(told, "set_metadata") is True
    assert value(told, "read") == "by root"


def test_files_are_published(run):
    told, name = run["dafab"], f"{FIELDS}_dafab-field-boundaries.geojson"
    report = value(told, "publish_derived_asset")
    assert report["upload_ok"] and report["metadata_updated"], report
    assert report["attachment_present_on_item"], report
    assert report["storage_names"] == [SIGNING]
    again = value(told, "publish_derived_asset", "again")
    assert (again["upload_method"], again["metadata_updated"]) == ("existing", False), again
    assert PUBLISHED["data"].encode() in run["objects"].values()
    (entry,) = value(told, "list_item_asset_entries", "published")["asset_entries"]
    assert (entry["resolved_file_name"], entry["storage_names"]) == (name, [SIGNING])
    asset = value(told, "get_bulk_metadata", "published")["dafab-field-boundaries"]
    assert asset["href"] == report["stable_href"]
    assert value(told, "publish_original_asset")
    checked = value(told, "validate_original_asset_publication")
    for check in (
        "catalog_matches_local", "storage_object_available", "attachment_present_on_item",
        "metadata_href_matches_expected",
    ):  # fmt: skip
        assert checked[check] is True, checked
    assert value(told, "delete_file") is True
    # nobody may by Rucio's generic policy, which it says itself
    assert told["delete_replicas", ""]["error"].startswith("AccessDenied")


def test_the_notebook_has_its_storage(run):
    failed = {function for (function, _), one in run["book"].items() if "error" in one}
    assert failed == {"32. Download Original Asset Using Stable Link (WAN)"}
    assert STORAGE in value(run["book"], "22. Check Storage Details")["printed"]


def test_it_ends_and_ours_goes_on(run):
    storages, item, file = run["down"].values()
    assert storages.status_code == 503
    assert storages.headers["ExceptionClass"] == "ServiceUnavailable"
    assert item.json()["type"] == "CONTAINER"
    assert file.json()["bytes"] == len(made.DATA)


def test_no_token_and_no_password_is_in_the_log(run):
    assert all(secret not in run["log"] for secret in run["secrets"])
    assert '"route"' in run["log"]
