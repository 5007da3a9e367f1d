"""A file of parcels cut into documents: one for each data set, season and tile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import PurePosixPath
from statistics import median
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

from dafab_kg.loaders.parcels import crops, geojson, parquet, vector
from dafab_kg.loaders.parcels.boundaries import Placing
from dafab_kg.loaders.parcels.columns import AREA_BY_NAME, Choice, choose
from dafab_kg.loaders.parcels.layer import Layer
from dafab_kg.loaders.parcels.recognise import Candidate
from dafab_kg.loaders.parcels.rows import Remarks, Telling, rows
from dafab_kg.loaders.parcels.seasons import year_in_names
from dafab_kg.loaders.parcels.spool import Duplicates, Group, Spool
from dafab_kg.loaders.parcels.staging import Staged, stage
from dafab_kg.model.documents import Entry, Found, Part, Refused, SourceDocument, Tree
from dafab_kg.model.errors import (
    DocumentRejected,
    FieldMissing,
    FieldNotValid,
    GeometryNotValid,
    TooLarge,
)
from dafab_kg.model.records import ParcelSet

if TYPE_CHECKING:
    from dafab_kg.loaders.parcels import ParcelsLoader

_MOST_COLUMNS: Final = 200
_SEASON_REMEDY: Final = "Say which it is with --season, for example --season 2021"


@dataclass(frozen=True)
class Rules:
    """How a file is read: what the user said, or what a document's pointer keeps of it."""

    assumed: bool
    season: str
    dataset: str
    max_file_bytes: int
    max_depth: int
    layer: str | None = None


@dataclass(frozen=True)
class Pieces:
    """One layer, spooled: its groups, the set that they belong to, and what is told."""

    layer: str
    spool: Spool
    parcel_set: ParcelSet
    warnings: tuple[str, ...]
    season: str
    named: bool
    codes: Mapping[str, str]


@dataclass(frozen=True)
class Handle:
    """Leads to the parcels of one document; ``warnings`` of the layer go with its first."""

    pieces: Pieces
    group: Group
    warnings: tuple[str, ...]


def documents(candidate: Candidate, tree: Tree, loader: ParcelsLoader) -> Iterator[Found | Refused]:
    """Give the documents of one file, or say why there are none."""
    rules = Rules(
        loader.assumed, loader.season, loader.dataset, loader.max_file_bytes, loader.max_depth
    )
    lists = crops.lists_beside(candidate.entry.name, tree)
    chosen = lists[0] if len(lists) == 1 else None
    try:
        staged = stage(candidate, tree.origin, chosen)
        made = 0
        for pieces in cut(staged, rules, several_lists=len(lists) > 1):
            if isinstance(pieces, DocumentRejected):
                yield Refused(pieces, candidate.entries)
                continue
            for document in _documents(staged, pieces):
                extra = (chosen,) if isinstance(chosen, Entry) and pieces.codes else ()
                yield Found(document, (*candidate.entries, *extra))
                made += 1
    except DocumentRejected as error:
        yield Refused(error, candidate.entries)


def _documents(staged: Staged, pieces: Pieces) -> Iterator[SourceDocument]:
    about = repr((pieces.parcel_set, sorted(pieces.codes.items())))
    parts = (*staged.parts, *((staged.codes,) if staged.codes and pieces.codes else ()))
    for number, group in enumerate(pieces.spool.groups):
        told = {"dataset": group.dataset, "season": group.season, "tile": group.tile}
        told |= {"layer": pieces.layer, "otherwise": pieces.season}
        told |= {"named": "yes" if pieces.named else ""}
        yield SourceDocument(
            kind="parcels",
            key=f"{group.dataset}/{group.season}/{group.tile}",
            origin=staged.where,
            parts=parts,
            pointer=urlencode({name: value for name, value in told.items() if value}),
            value=Handle(pieces, group, pieces.warnings if number == 0 else ()),
            digest=pieces.spool.digest(group, about),
            family=f"{group.dataset}/{group.season}",
        )


def rules_of(pointer: str, loader: ParcelsLoader) -> tuple[Rules, Group]:
    """Return how a document that is kept was read, and which parcels it holds."""
    told = dict(parse_qsl(pointer, keep_blank_values=True))
    group = Group(told.get("dataset", ""), told.get("season", ""), told.get("tile", ""))
    rules = Rules(
        assumed=True,
        season=told.get("otherwise", ""),
        dataset=group.dataset if told.get("named") else "",
        max_file_bytes=loader.max_file_bytes,
        max_depth=loader.max_depth,
        layer=told.get("layer", ""),
    )
    return rules, group


def cut(
    staged: Staged, rules: Rules, *, several_lists: bool = False, dataset: str = ""
) -> Iterator[Pieces | DocumentRejected]:
    """Spool each layer of a file that holds parcels.

    ``dataset`` is the name that the set had when the file was read before.

    Raises:
        DocumentRejected: the file cannot be read at all.
    """
    found = list(_layers(staged, rules))
    many = sum(isinstance(layer, Layer) for layer in found) > 1
    for layer in found:
        if isinstance(layer, DocumentRejected):
            yield layer
            continue
        if rules.layer is not None and layer.name != rules.layer:
            continue
        choice = choose(layer.columns, layer.fiboa)
        if not (rules.assumed or choice.telling or layer.fiboa):
            continue
        where = f"{staged.where}: layer {layer.name}" if many else staged.where
        try:
            name = dataset or _dataset(staged, layer, rules, many=many)
            yield _spooled(staged, layer, choice, rules, name, where, several_lists=several_lists)
        except DocumentRejected as error:
            yield error


def _layers(staged: Staged, rules: Rules) -> Iterator[Layer | DocumentRejected]:
    match staged.kind:
        case "GeoJSON":
            yield from _geojson(staged, rules)
        case "GeoParquet":
            yield from parquet.layers(staged.path, staged.where)
        case _:
            yield from vector.layers(staged.path, staged.kind, staged.where)


def _geojson(staged: Staged, rules: Rules) -> Iterator[Layer]:
    size = staged.path.stat().st_size
    if size > rules.max_file_bytes:
        raise TooLarge(
            f"It holds {size} bytes",
            where=staged.where,
            remedy="Set DAFAB_MAX_FILE_BYTES higher, or write it as GeoParquet or GeoPackage",
        )
    with staged.path.open("rb") as file:
        data = mmap(file.fileno(), 0, access=ACCESS_READ)
    yield from geojson.layers(data, staged.where, rules.max_depth)


def _dataset(staged: Staged, layer: Layer, rules: Rules, *, many: bool) -> str:
    """Name the data set: as the user says, as fiboa says, or as the file is called."""
    file = PurePosixPath(staged.name).name
    name = rules.dataset or layer.dataset or file.split(".", 1)[0] or file
    return f"{name}/{layer.name}" if many else name


def _spooled(
    staged: Staged,
    layer: Layer,
    choice: Choice,
    rules: Rules,
    dataset: str,
    where: str,
    *,
    several_lists: bool,
) -> Pieces:
    if layer.rows == 0:
        raise FieldMissing(
            "The layer holds no features", where=where, remedy="Deliver the parcels, or no file"
        )
    if not layer.crs:
        raise FieldMissing(
            "It does not state the CRS of its coordinates",
            where=where,
            remedy="Deliver it with its CRS stated (for a Shapefile, its .prj)",
        )
    warnings: list[str] = []
    placing = Placing(layer.crs, where)
    if several_lists:
        warnings.append("Several crop lists lie beside it, so none is used")
    from_name = year_in_names(layer.name, staged.name, staged.container)
    telling = Telling(dataset, bool(rules.dataset), rules.season or from_name)
    remarks = Remarks()
    spool = Spool()
    for batch in rows(layer, choice, placing, telling, remarks, where):
        spool.add(batch)
    repeated = spool.close()
    groups = spool.groups
    if not groups:
        raise _nothing(remarks, where)
    warnings += [*layer.notes, *_told(remarks, choice, layer, telling, rules), *_repeats(repeated)]
    codes, said = _codes(staged.codes, remarks.crops)
    warnings += said
    country = _country(remarks.countries | {layer.said.get("admin:country_code")})
    parcel_set = ParcelSet(
        dataset=dataset,
        dataset_title=layer.title or None,
        data_provider=layer.provider or None,
        dataset_country=country,
        source_crs=placing.name,
        source_format=layer.format,
        fiboa_version=layer.fiboa or None,
        declared_area_unit=choice.area_unit or None,
        columns_left_out=_left_out(layer, choice),
    )
    return Pieces(
        layer.name,
        spool,
        parcel_set,
        tuple(warnings),
        telling.season if remarks.seasons_filled else "",
        telling.only_dataset,
        codes,
    )


def _codes(part: Part | None, delivered: set[str]) -> tuple[Mapping[str, str], list[str]]:
    """Return the HCAT codes of the crop codes delivered, by the list that lies beside."""
    if part is None or not delivered:
        return {}, []
    known = crops.read_list(part)
    if not crops.fits(delivered, known):
        return {}, [
            f"The crop list {part.name} knows less than half of the {len(delivered)} crop codes "
            "and is not used"
        ]
    missing = sorted(delivered - set(known))
    named = ", ".join(missing[:10])
    said = [f"{len(missing)} crop codes are not in {part.name}: {named}"] if missing else []
    return {code: known[code] for code in delivered if code in known}, said


def _country(told: set[Any]) -> str | None:
    """Return the one country that rows and collection tell, two letters of ISO 3166-1."""
    codes = {code for code in told if isinstance(code, str)}
    code = codes.pop() if len(codes) == 1 else ""
    return code if re.fullmatch("[A-Z]{2}", code) else None


def _left_out(layer: Layer, choice: Choice) -> tuple[str, ...]:
    names = sorted(set(layer.columns) - set(choice.wanted))
    return tuple(name[:100] for name in names[:_MOST_COLUMNS] if name)


def _nothing(remarks: Remarks, where: str) -> DocumentRejected:
    """Say why no row is a parcel."""
    if not remarks.left_out:
        return FieldMissing(
            "It holds no features", where=where, remedy="Deliver the parcels, or no file"
        )
    first = remarks.left_out[0]
    if all("growing season" in one for one in remarks.left_out):
        return FieldMissing(
            "Nothing tells the growing season of its parcels", where=where, remedy=_SEASON_REMEDY
        )
    kind = GeometryNotValid if "season" not in first else FieldNotValid
    return kind(
        f"None of its {remarks.left_out_count} rows is a parcel. {first}",
        where=where,
        remedy="Deliver polygons in a CRS that is stated, longitude first in GeoJSON",
    )


def _told(
    remarks: Remarks, choice: Choice, layer: Layer, telling: Telling, rules: Rules
) -> Iterator[str]:
    yield from remarks.left_out
    if remarks.left_out_count > len(remarks.left_out):
        yield f"{remarks.left_out_count} rows are left out in all"
    counts = dict(remarks.counts)
    if counts.pop("id", 0):
        yield (
            f"{remarks.counts['id']} parcels have no id; theirs is made from the geometry, "
            "and changes with it"
        )
    if remarks.seasons_filled and not rules.season:
        yield (
            f"The growing season {telling.season} of {remarks.seasons_filled} parcels is taken "
            "from the file's name; --season says it for certain"
        )
    if counts.pop("confidence", 0):
        yield (f"{remarks.counts['confidence']} confidences are not between 0 and 1 and left out")
    if counts.pop("hcat", 0):
        yield f"{remarks.counts['hcat']} codes are none of HCAT and left out"
    for what, count in counts.items():
        if count:
            yield f"{count} times: {what}"
    lower = {name.lower() for name in layer.columns}
    if "area" not in choice.facts and lower & {"area", "shape_area"}:
        yield (
            "Its column of areas does not tell the unit and is not imported; names that do are "
            + ", ".join(AREA_BY_NAME)
        )
    if remarks.apart:
        ratio = median(remarks.ratios)
        yield (
            f"{remarks.apart} of {remarks.compared} declared areas differ from the computed by "
            f"more than 1 % (median ratio {ratio:.4g}; {remarks.furthest})"
        )


def _repeats(repeated: Duplicates) -> Iterator[str]:
    if repeated.same:
        row, first = repeated.same[0]
        yield (
            f"{len(repeated.same)} rows repeat another in all and count once "
            f"(the first: row {row + 1} repeats row {first + 1})"
        )
    if repeated.different:
        named = ", ".join(f"{row + 1} (of {first + 1})" for row, first in repeated.different[:10])
        yield (
            f"{len(repeated.different)} rows have the id and season of an earlier row but say "
            f"otherwise and are left out: rows {named}"
        )
