"""Runs in an environment of its own: dafab-client with an account of a Rucio behind the server."""

from __future__ import annotations

from pathlib import Path

import dafab_client as dc
from client_telling import FACTS, stay_inside, tell
from dafab_client._rucio.dafab_lib import connection_manager

stay_inside()
ITEM, KEY = FACTS["item"], FACTS["key"]
tell("whoami", lambda: dc.whoami()["account"])
tell("list_stac_scopes", lambda: connection_manager().list_scopes())
tell("list_storages", lambda: [one["rse"] for one in connection_manager().list_rses()])
tell("check_storage", lambda: dc.check_storage(rse_name=FACTS["storage"])["rse"])
tell("get_items", lambda: [one["name"] for one in dc.get_items()])
tell("get_bulk_metadata", lambda: dc.get_bulk_metadata(ITEM))
tell("list_item_asset_entries", lambda: dc.list_item_asset_entries(ITEM, check_storage=True))
tell(
    "download_item_asset",
    lambda: dc.download_item_asset(ITEM, KEY, destination_dir=FACTS["place"]),
)
tell(
    "ensure_scope_for_account",
    lambda: dc.ensure_scope_for_account("root", "by_dafab_client", details=True),
)
tell("add_rucio_account", lambda: dc.add_rucio_account("skim", "a@example.org", "SERVICE"))
ASSET = FACTS["published"]
PLACES = {"stac_root_href": FACTS["stac"], "storage_name": FACTS["signing"]}
WAY = Path(FACTS["place"]) / "boundaries.geojson"
WAY.write_bytes(ASSET["data"].encode())
for how in ("", "again"):
    tell(
        "publish_derived_asset",
        lambda: dc.publish_derived_asset(ASSET["item"], WAY, ASSET["key"], **PLACES),
        how=how,
    )
tell(
    "list_item_asset_entries",
    lambda: dc.list_item_asset_entries(ASSET["item"], check_storage=True),
    how="published",
)
tell("get_bulk_metadata", lambda: dc.get_bulk_metadata(ASSET["item"])["assets"], how="published")
TILE = Path(FACTS["place"]) / "TCI.jp2"
TILE.write_bytes(b"another tile")
tell(
    "publish_original_asset",
    lambda: dc.publish_original_asset(ASSET["original"], TILE, "TCI_20m", **PLACES),
)
tell(
    "validate_original_asset_publication",
    lambda: dc.validate_original_asset_publication(ASSET["original"], TILE, "TCI_20m", **PLACES),
)
GONE = f"{ASSET['original']}_TCI_20m.jp2"
tell("delete_file", lambda: dc.delete_file(GONE, rse=FACTS["signing"]))
tell(
    "delete_replicas",
    lambda: connection_manager().delete_replicas(
        FACTS["signing"], [{"scope": "dafab", "name": GONE}], ignore_availability=True
    ),
)
tell("ensure_item", lambda: dc.ensure_item("made_by_root"))
tell(
    "set_metadata",
    lambda: dc.set_metadata(object=ITEM, value_path="/properties/note", value=FACTS["note"]),
)
tell("read", lambda: dc.get_bulk_metadata(ITEM)["properties"]["note"])
