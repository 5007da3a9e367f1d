"""The keys of the DaFab DASI schema, from what is known of a product.

The schema identifies Sentinel-2 products by source, platform, procver, gridcode,
takedate, taketime, procdate and orbit, Sentinel-1 products by source, platform, mode,
type, polarisation, takedate, taketime, orbit and datatake.  Here they are derived twice,
from the product's metadata and from its name.  Where these differ there is a warning and
the name counts, since it is by their names that products are put into the store.

Values are lower case and canonical, since the engine below (FDB) folds queries to lower
case but not what it archives, and compares the rest as text.

``source`` is the data centre that the rolling store draws from, :data:`SOURCE` for all
products: the store's older layout begins its directory names with it (``CDSE:S2A:…``),
and no product names the centre that delivered it.  ``type`` holds the resolution class
(``grdh``), without which two products of one stretch would have the same keys.  Neither
level nor format is among the keys, so an L1C and an L2A product may share all of them.
``procdate`` is the last part of a Sentinel-2 name, which nearly always is the time of
generation, but not by definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from dafab_kg.model.product_names import ProductName, read_name, satellite_of
from dafab_kg.model.records import DasiKey, Product, Record

SOURCE: Final = "cdse"
"""Value of the key ``source``."""

FORMS: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(form)
    for name, form in {
        "platform": r"s[12][a-d]",
        "procver": r"n\d{4}",
        "gridcode": r"t\d\d[a-z]{3}",
        "takedate": r"\d{8}",
        "taketime": r"\d{6}",
        "procdate": r"\d{8}t\d{6}",
        "orbit": r"\d{3}|\d{6}",
        "mode": r"iw|ew|wv|en|rf|[snz][1-6]",
        "type": r"[a-z0-9]{3}[fhm]?",
        "polarisation": r"[shvd][hv]",
        "datatake": r"[0-9a-f]{6}",
    }.items()
}
"""The canonical form of each key."""

_TAKE_OF_SENTINEL2 = re.compile(r"(?:G)?S2[A-D]_(\d{8})T(\d{6})_")
_TAKE_OF_SENTINEL1 = re.compile(r"S1[A-D]_([0-9A-F]{6})\Z")
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?Z\Z")
_BASELINE = re.compile(r"(\d\d)\.(\d\d)\Z")
_LETTERS: Final = {
    frozenset({"VV"}): "sv",
    frozenset({"HH"}): "sh",
    frozenset({"VV", "VH"}): "dv",
    frozenset({"HH", "HV"}): "dh",
    frozenset({"VH"}): "vh",
    frozenset({"HV"}): "hv",
}
_RESOLUTIONS: Final = {"full": "f", "high": "h", "medium": "m"}
_TAKE: Final = {"takedate", "taketime"}
_GROUND_RANGE: Final = "GRD"

Keys = dict[str, str]


def dasi_records(records: Iterable[Record]) -> tuple[tuple[DasiKey, ...], tuple[str, ...]]:
    """Return the keys of all products among ``records`` that bring none, and warnings."""
    all_records = tuple(records)
    done = {record.product_id for record in all_records if isinstance(record, DasiKey)}
    made: list[DasiKey] = []
    warnings: list[str] = []
    for record in all_records:
        if not isinstance(record, Product) or record.product_id in done:
            continue
        done.add(record.product_id)
        key, doubts = dasi_key(record)
        warnings += doubts
        if key is not None:
            made.append(key)
    return tuple(made), tuple(warnings)


def dasi_key(product: Product) -> tuple[DasiKey | None, tuple[str, ...]]:
    """Return the keys of a product, and a warning for each that its name tells otherwise.

    None for what is no product of Sentinel-1 or -2, or has no date of sensing.
    """
    name = read_name(product.product_id)
    told, named = keys_of_metadata(product), keys_of_name(name) if name else {}
    close = _is_close(told, named)
    warnings = tuple(
        f"DASI key {key} is {told[key]} by the metadata, but {named[key]} by the name"
        f" {product.product_id}"
        for key in told
        if key in named and told[key] != named[key] and not (close and key in _TAKE)
    )
    warnings += _far_from_name(product, named)
    keys = {**told, **named}
    if "platform" not in keys or "takedate" not in keys:
        return None, warnings
    return DasiKey(product.product_id, source=SOURCE, **keys), warnings


def keys_of_name(name: ProductName) -> Keys:
    """Return the keys that a product's name tells.

    >>> name = read_name("S2A_MSIL2A_20250118T103351_N0511_R108_T32ULB_20250118T143252")
    >>> sorted(keys_of_name(name).values())
    ['103351', '108', '20250118', '20250118t143252', 'n0511', 's2a', 't32ulb']
    """
    told = name.told
    keys = {"platform": name.satellite}
    if name.satellite.startswith("S1"):
        keys |= _moment(told["start"])
        keys["mode"] = told["beam"]
        keys["type"] = told["type"].strip("_") + told["resolution"].strip("_")
        keys["polarisation"] = told["polarisation"]
        keys["orbit"] = told["absolute"]
        keys["datatake"] = told["take"]
    else:
        keys["orbit"] = told["orbit"]
        keys["procdate"] = told["processed"]
        if "datatake" in told:  # an old name has neither tile nor start of the datatake
            keys |= _moment(told["datatake"])
            keys["procver"] = f"N{told['baseline']}"
            keys["gridcode"] = f"T{told['tile']}"
    return _canonical(keys)


def keys_of_metadata(product: Product) -> Keys:
    """Return the keys that follow from a product's fields, without its name."""
    satellite = satellite_of(product.platform or "")
    if satellite is None:
        return {}
    keys: Keys = {"platform": satellite}
    if satellite.startswith("S1"):
        keys |= _of_sentinel1(product)
    else:
        keys |= _of_sentinel2(product)
    return _canonical(keys)


def name_of(key: DasiKey, level: str) -> str | None:
    """Return the compact name of a Sentinel-2 product; ``level`` is ``1C`` or ``2A``.

    >>> name = "S2A_MSIL2A_20250118T103351_N0511_R108_T32ULB_20250118T143252"
    >>> name_of(DasiKey(name, **keys_of_name(read_name(name))), "2A") == name
    True
    """
    told = (
        key.platform, key.takedate, key.taketime, key.procver, key.orbit, key.gridcode,
        key.procdate,
    )  # fmt: skip
    if not all(told):
        return None
    platform, date, time, version, orbit, tile, processed = (str(one).upper() for one in told)
    return f"{platform}_MSIL{level}_{date}T{time}_{version}_R{orbit}_{tile}_{processed}"


def _of_sentinel2(product: Product) -> Keys:
    keys: Keys = {}
    for identifier in (product.datatake_id, *product.acquisition_ids):
        take = _TAKE_OF_SENTINEL2.match(identifier or "")
        if take is not None:
            keys |= {"takedate": take[1], "taketime": take[2]}
            break
    baseline = _BASELINE.match(product.processing_baseline or "")
    if baseline is not None:
        keys["procver"] = f"N{baseline[1]}{baseline[2]}"
    if len(product.mgrs_tiles) == 1:
        keys["gridcode"] = f"T{product.mgrs_tiles[0]}"
    if product.relative_orbit is not None:
        keys["orbit"] = f"{product.relative_orbit:03d}"
    made = _MOMENT.match(product.generation_time or "")
    if made is not None:
        keys["procdate"] = f"{''.join(made.groups()[:3])}T{''.join(made.groups()[3:])}"
    return keys


def _of_sentinel1(product: Product) -> Keys:
    keys: Keys = {}
    start = _MOMENT.match(product.sensing_start or "")
    if start is not None:
        keys |= {"takedate": "".join(start.groups()[:3]), "taketime": "".join(start.groups()[3:])}
    mode = product.instrument_mode
    if mode is not None and mode != "SM":
        keys["mode"] = mode
    elif len(product.swaths) == 1:
        keys["mode"] = product.swaths[0]
    kind = product.product_type
    if kind is not None and (kind != _GROUND_RANGE or product.resolution_class is not None):
        keys["type"] = kind + _RESOLUTIONS.get(product.resolution_class or "", "")
    letters = _LETTERS.get(frozenset(product.polarisations))
    if letters is not None:
        keys["polarisation"] = letters
    if product.absolute_orbit is not None:
        keys["orbit"] = f"{product.absolute_orbit:06d}"
    take = _TAKE_OF_SENTINEL1.match(product.datatake_id or "")
    if take is not None:
        keys["datatake"] = take[1]
    return keys


def _is_close(told: Keys, named: Keys) -> bool:
    """Tell whether the times of sensing are a second apart: names cut off or round fractions."""
    try:
        one, other = (
            datetime.strptime(f"{keys['takedate']}{keys['taketime']}", "%Y%m%d%H%M%S")
            for keys in (told, named)
        )
    except (KeyError, ValueError):
        return False
    return told["platform"].startswith("s1") and abs(one - other) <= timedelta(seconds=1)


def _far_from_name(product: Product, named: Keys) -> tuple[str, ...]:
    """Warn where the time of sensing that a document states is hours from that in the name.

    Identifiers of the datatake are often made from the name; the time is not.
    """
    stated = _MOMENT.match(product.sensing_start or product.datetime or "")
    if stated is None or not named.keys() >= _TAKE:
        return ()
    one = datetime.strptime("".join(stated.groups()), "%Y%m%d%H%M%S")
    other = datetime.strptime(f"{named['takedate']}{named['taketime']}", "%Y%m%d%H%M%S")
    if abs(one - other) <= timedelta(hours=1):
        return ()
    return (
        f"sensed {one:%Y-%m-%dT%H:%M:%SZ} by the metadata, but {other:%Y-%m-%dT%H:%M:%SZ} by the"
        f" name {product.product_id}, from which DASI keys takedate and taketime are",
    )


def _moment(compact: str) -> Keys:
    date, time = compact.split("T")
    return {"takedate": date, "taketime": time}


def _canonical(keys: Keys) -> Keys:
    """Return the keys in lower case, without those that are not of their form."""
    lower = {name: value.lower() for name, value in keys.items()}
    return {name: value for name, value in lower.items() if FORMS[name].fullmatch(value)}
