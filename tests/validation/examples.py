"""A document that says everything there is to say, and says it validly."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from decimal import Decimal

from rdflib import Graph

from dafab_kg.mapping import compile_mappings
from dafab_kg.model import records
from dafab_kg.model.names import Names
from dafab_kg.model.records import RECORD_TYPES, Record

Triple = tuple[str, str, str]

SOURCE = "S2A_MSIL2A_20220127T104321_N0400_R008_T31UFS_20220127T121418"
DERIVED = f"{SOURCE}_water_analysis_200"

COMMON: dict[str, object] = {
    "adler32": "0cc737eb",
    "md5": "0c" * 16,
    "acquisition_ids": ("S2A_20220127T104321_T31UFS",),
    "anomaly_sign": "excess",
    "anomaly_type": "flood",
    "boundary_wkt": "POLYGON ((0 0, 1 0, 1 1, 0 0))",
    "content_hash": "0a" * 32,
    "crs_code": "EPSG:32631",
    "crs_codes": ("EPSG:32631",),
    "dataset_country": "LU",
    "declared_area_unit": "ha",
    "did": "dafab:file",
    "digest": "0c" * 32,
    "did_type": "FILE",
    "document_id": "0b" * 16,
    "extent_wkt": "POLYGON ((0 0, 1 0, 1 1, 0 0))",
    "footprint_wkt": "POLYGON ((0 0, 1 0, 1 1, 0 0))",
    "georeferencing": "transform",
    "kind": "water",
    "load_graph": "https://w3id.org/dafab/id/graph-of-loads/1",
    "mask_kind": "observed",
    "mgrs_tile": "31UFS",
    "mgrs_tiles": ("31UFS",),
    "orbit_direction": "descending",
    "point_wkt": "POINT (0 0)",
    "owner": Names().make("product", product_id=SOURCE),
    "pointer": "/properties/x",
    "processing_baseline": "04.00",
    "product_id": SOURCE,
    "run_id": DERIVED,
    "source_product_id": SOURCE,
    "target": "https://example.org/x",
    "told_by": "asset",
    "verdict": "same",
    "access_url": "https://example.org/x",
}
DASI: dict[str, object] = {
    "source": "cdse", "platform": "s2a", "procver": "n0400", "gridcode": "t31ufs",
    "takedate": "20220127", "taketime": "104321", "procdate": "20220127t121418", "orbit": "008",
    "mode": "iw", "type": "grdh", "polarisation": "dv", "datatake": "049f13",
}  # fmt: skip
OF_A_DERIVED_PRODUCT = (
    records.DerivedProduct, records.InferenceRun, records.WaterAnalysis, records.WaterObjects,
    records.MaskAgreement, records.WaterAnomaly, records.Agriculture,
)  # fmt: skip
TIMES = {
    "generation_time", "datetime", "sensing_start", "sensing_stop", "sensing_time", "created",
    "updated", "published", "time", "decided", "started", "ended", "start", "end",
    "loaded_at", "instants",
    "determined", "origin_date", "eviction_date", "notification_date", "checksum_date",
}  # fmt: skip


WITHOUT_RECORD = """
@prefix dafab: <https://w3id.org/dafab/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<urn:x:claim> a dafab:Claim ;
    dafab:claimSubject <urn:x:thing> ; dafab:claimProperty dafab:tile ;
    dafab:claimThing <urn:x:one> ; dafab:claimedBy <urn:x:document> ;
    dafab:acceptedThing <urn:x:other> ; dafab:acceptedFrom <urn:x:better> .
<urn:x:event> a dafab:Event ;
    dafab:eventId "x" ; dafab:matchRule "x" ; dafab:hasReport <urn:x:report> ;
    dafab:hazard dafab:floodHazard ; dafab:start "2022-01-27T10:43:21Z"^^xsd:dateTime ;
    dafab:end "2022-01-27T10:43:21Z"^^xsd:dateTime .
<urn:x:match> a dafab:EventMatch ;
    dafab:ofEvent <urn:x:event> ; dafab:matchesReport <urn:x:report> , <urn:x:report-2> ;
    dafab:matchEvidence "decided" ; dafab:matchRule "x" ; dafab:followsDecision <urn:x:decision> .
<urn:x:replica> a dafab:Replica ;
    dafab:ofDid <urn:x:did> ; dafab:atSite <urn:x:site> ; dafab:pfn "x" ;
    dafab:replicaState "AVAILABLE" ; dafab:stateAsOf "2022-01-27T10:43:21Z"^^xsd:dateTime .
<urn:x:site> a dafab:StorageSite ; dafab:siteName "x" ; dafab:siteType "DISK" .
"""
"""What no record type says: what the catalogue concludes, or fetches when it is asked for."""


def complete(record_type: type[Record], **told: object) -> Record:
    """Return a record with a value in every field; numbers are 0.5, which every range allows."""
    if record_type in OF_A_DERIVED_PRODUCT:
        told = {"product_id": DERIVED, **told}
    if record_type is records.DasiKey:
        told = {**DASI, **told}
    hints = typing.get_type_hints(record_type)
    values = {
        field.name: told.get(field.name, _value(field.name, str(hints[field.name])))
        for field in dataclasses.fields(record_type)
    }
    return record_type(**values)


def complete_records() -> Iterator[Record]:
    """One complete record of every type, and what one record of a type cannot say."""
    for record_type in RECORD_TYPES:
        yield complete(record_type)
    yield complete(records.DataIdentifier, name="product", product_id=DERIVED)
    other = DERIVED.replace("water_analysis", "smart_agriculture")
    yield complete(records.DerivedProduct, product_id=other, kind="agriculture", run_id="r")
    yield complete(records.Agriculture, product_id=other)


def complete_document() -> str:
    """The N-Quads of :func:`complete_records`, and what no record says."""
    said = compile_mappings(Names()).map(list(complete_records()), document_id="0b" * 16)
    return said + Graph().parse(data=WITHOUT_RECORD, format="turtle").serialize(format="nt")


def _value(name: str, hint: str) -> object:
    if name in COMMON:
        return COMMON[name]
    if name in TIMES:
        value: object = "2022-01-27T10:43:21Z"
    elif "Decimal" in hint:
        value = Decimal("0.5")
    elif "bool" in hint:
        value = True
    elif "int" in hint:
        value = 1
    else:
        value = "x"
    return (value,) if "tuple" in hint else value
