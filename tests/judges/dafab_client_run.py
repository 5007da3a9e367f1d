"""Runs in an environment of its own: functions of dafab-client, one by one, as users call them.

Takes JSON on standard input: ``facts`` are names of what the catalogue holds.  Prints a line of
JSON for each function: its name, how it was asked, what came, or the error.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import dafab_client as dc
from client_telling import FACTS, stay_inside, tell
from dafab_client._rucio.common.filter import did_type_filter
from dafab_client._rucio.dafab_lib import connection_manager

stay_inside()
SOURCE, DERIVED, WATER = FACTS["source"], FACTS["derived"], FACTS["water"]
ROOT = FACTS["stac"]
BOX, TIMES = FACTS["box"], FACTS["times"]


def compare(comparator: str, path: list[Any], value: Any = None, **more: Any) -> dict[str, Any]:
    told = {"type": "comparison", "comparator": comparator, "path": path, **more}
    return told if value is None else {**told, "value": value}


def by_filter(value: dict[str, Any]) -> Callable[[], Any]:
    return lambda: dc.get_items_by_enhanced_filter({"filter": value}, return_mode="ids")


def whole_tree() -> Any:
    client = connection_manager()
    (line,) = client.get_metadata_document_bulk([{"scope": "dafab", "name": DERIVED}], inherit=True)
    merged, shadowed = client.merge_inherited(line)
    names = [one["name"] for one in line["ancestors"]]
    return {"ancestors": names, "id": merged["id"], "shadowed": len(shadowed)}


tell("ping", dc.ping)
tell("whoami", dc.whoami)
tell("list_accounts", dc.list_accounts)
tell("list_stac_scopes", dc.list_stac_scopes)
tell("list_storages", dc.list_storages)
tell("check_storage", lambda: dc.check_storage(rse_name="NOWHERE"), how="a storage not there")
tell("get_catalogs_and_collections", dc.get_catalogs_and_collections)
tell("list_catalogs_and_collections", dc.list_catalogs_and_collections)
tell("get_items", lambda: [one["name"] for one in dc.get_items()])
tell("get_items", lambda: [o["name"] for o in dc.get_items(filters={"name": "*_water_*"})], how="*")
tell("get_items", lambda: [o["name"] for o in dc.get_items(filters={"name": SOURCE})], how="one")
tell("get_stac_objects", lambda: dc.get_stac_objects(did_type="dataset", long=False), how="sets")
tell("get_stac_objects", lambda: dc.get_stac_objects(did_type="file", long=False), how="files")
tell("get_stac_objects", lambda: len(dc.get_stac_objects()), how="all")
for kind in ("Collection", "Catalog", "Feature"):
    value = compare("equals", ["type"], kind, valueType="string")
    tell("get_items_by_enhanced_filter", by_filter(value), how=kind)
for how, value in FACTS["filters"].items():
    tell("get_items_by_enhanced_filter", by_filter(value), how=how)
tell("get_items_by_bbox", lambda: dc.get_items_by_bbox(*BOX))
tell("get_items_by_timerange", lambda: dc.get_items_by_timerange(*TIMES))
tell("get_items_by_bbox_and_timerange", lambda: dc.get_items_by_bbox_and_timerange(BOX, TIMES))
tell(
    "get_items_by_bbox",
    lambda: [one["id"] for one in dc.get_items_by_bbox(*BOX, return_mode="metadata")],
    how="metadata",
)
tell("get_item_ids_by_collection_field", lambda: dc.get_item_ids_by_collection_field(WATER))
tell(
    "get_item_ids_by_top_facet_catalog",
    lambda: dc.get_item_ids_by_top_facet_catalog("water_basin"),
)
tell(
    "get_item_ids_by_facet_value_catalog",
    lambda: dc.get_item_ids_by_facet_value_catalog("water_anomaly_flood"),
)
tell(
    "get_related_item_ids_from_original_item",
    lambda: dc.get_related_item_ids_from_original_item(SOURCE),
)
tell(
    "get_source_original_item_ids_from_derived_item",
    lambda: dc.get_source_original_item_ids_from_derived_item(DERIVED),
)
tell(
    "get_sibling_derived_item_ids",
    lambda: dc.get_sibling_derived_item_ids(SOURCE, collection_id=WATER),
)
tell(
    "get_item_facet_placements",
    lambda: dc.get_item_facet_placements(DERIVED, collection_id=WATER),
)
tell("get_bulk_metadata", lambda: dc.get_bulk_metadata(DERIVED))
tell(
    "get_bulk_metadata",
    lambda: dc.get_bulk_metadata(DERIVED, paths=["/id", "/bbox/0", "/none"]),
    how="paths",
)
tell("get_bulk_metadata", lambda: dc.get_bulk_metadata("none"), how="not there")
tell("get_metadata_document_bulk", whole_tree, how="inherit")
for name in ("stac", WATER, "water_basin", "water_basin_unclassified", SOURCE):
    tell(
        "extract_metadata_value",
        lambda name=name: json.loads(dc.extract_metadata_value("", pname=name))["id"],
        how=name if name != SOURCE else "item",
    )
tell(
    "extract_metadata_value",
    lambda: dc.extract_metadata_value("/properties/datetime", pname=DERIVED),
    how="path",
)
tell("list_item_asset_entries", lambda: dc.list_item_asset_entries(DERIVED, check_storage=True))
tell("list_derived_items_with_missing_assets", dc.list_derived_items_with_missing_assets)
tell(
    "build_stable_asset_href",
    lambda: dc.build_stable_asset_href(SOURCE, FACTS["asset"], stac_root_href=ROOT),
)
tell(
    "download_asset_from_stable_href",
    lambda: dc.download_asset_from_stable_href(
        dc.build_stable_asset_href(SOURCE, FACTS["asset"], stac_root_href=ROOT),
        destination_dir=FACTS["place"],
    ),
)
tell(
    "download_item_asset",
    lambda: dc.download_item_asset(SOURCE, FACTS["asset"], destination_dir=FACTS["place"]),
)
tell(
    "download_all_derived_item_assets",
    lambda: dc.download_all_derived_item_assets(
        DERIVED, destination_dir=f"{FACTS['place']}/all", overwrite=True
    ),
)
tell(
    "get_map",
    lambda: dc.get_map(
        dc.get_items_by_bbox(*BOX, return_mode="metadata"),
        draw_ids=False,
        output_path=f"{FACTS['place']}/map.html",
    ),
)
STORED = {"source": "server", "root_href": FACTS["home"], "post_publish": True}
tell(
    "validate_derived_item",
    lambda: dc.validate_derived_item(
        expected_item_id=DERIVED,
        expected_facet_placements=dc.get_item_facet_placements(DERIVED, collection_id=WATER),
        **STORED,
    ),
)
tell("validate_original_item", lambda: dc.validate_original_item(expected_item_id=SOURCE, **STORED))
pages = connection_manager().search_dids("dafab", did_type_filter("all").to_dict(), limit=2)
tell("search_dids", lambda: pages, how="limit, cursor")
for how, value in FACTS["refused"].items():
    tell("get_items_by_enhanced_filter", by_filter(value), how=f"refused: {how}")
FACETS = dc.get_example_data_dir() / "notebook_fixtures/catalogs/water_analysis/water_anomaly"
tell(
    "validate_facet_value_catalog_file",
    lambda: dc.validate_facet_value_catalog_file(
        FACETS / "water_anomaly_flood_(bootstrap).json",
        schema_path="Schema_DaFab_Facet_Value_Catalog.json",
    ),
    how="packaged",
)
