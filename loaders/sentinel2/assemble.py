"""A scene to records."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dafab_kg.loaders.sentinel2 import identifiers as ids
from dafab_kg.loaders.sentinel2.manifest import ListedFile
from dafab_kg.loaders.sentinel2.scene import Scene
from dafab_kg.loaders.sentinel2.spectral import COMMON_NAMES
from dafab_kg.model.geometry import Footprint
from dafab_kg.model.product_names import platform_of
from dafab_kg.model.records import (
    Acquisition,
    Asset,
    Band,
    Datatake,
    Granule,
    Instrument,
    Platform,
    ProcessingStep,
    Product,
    QualityCheck,
    Record,
    Tile,
)

_INSTRUMENT = "msi"
_ZENITH = Decimal(90)
_TRUE_COLOUR = ("B04", "B03", "B02")
_ROLES = {"TCI": ("visual",), "PVI": ("overview",)}


def records_of(scene: Scene, footprint: Footprint) -> tuple[Record, ...]:
    """Return all records of a scene."""
    return (
        product_of(scene, footprint),
        *_sensing_of(scene),
        *_granules_of(scene),
        *_bands_of(scene),
        *_checks_of(scene),
        *_steps_of(scene),
        *_assets_of(scene),
    )


def product_of(scene: Scene, footprint: Footprint) -> Product:
    """Return the product's own record."""
    head, single = scene.product, scene.single
    figures = {
        **(head.percentages if head else {}),
        # the tile's figures are not rounded through binary floating point
        **(single.percentages if single else {}),
    }
    resolutions = [band.resolution for band in head.bands if band.resolution] if head else []
    acquisitions = (ids.acquisition_id(scene.datatake_id, tile) for tile in scene.tiles)
    snow = figures.get("snow_ice_percentage")
    zenith = single.sun_zenith if single else None
    return Product(
        product_id=scene.product_id,
        product_uri=head.product_uri if head else None,
        scene_id=scene.scene_id,
        product_type=head.product_type if head else f"S2MSI{scene.level[1:]}",
        processing_level=scene.level,
        processing_baseline=scene.processing_baseline,
        generation_time=head.generation_time if head else None,
        doi=head.doi if head else None,
        product_format=head.product_format if head else None,
        platform=platform_of(scene.satellite),
        instrument=_INSTRUMENT,
        acquisition_ids=tuple(a for a in acquisitions if a),
        datatake_id=scene.datatake_id,
        datastrip_ids=scene.datastrip_ids,
        granule_ids=tuple(sorted(granule.granule_id for granule in scene.listed)),
        mgrs_tiles=scene.tiles,
        crs_codes=tuple(sorted({g.crs_code for g in scene.granules if g.crs_code})),
        datetime=scene.datetime,
        sensing_start=head.sensing_start if head else None,
        sensing_stop=head.sensing_stop if head else None,
        relative_orbit=scene.relative_orbit,
        absolute_orbit=scene.absolute_orbit,
        orbit_direction=scene.orbit_direction,
        footprint_wkt=footprint.wkt,
        west=footprint.west,
        south=footprint.south,
        east=footprint.east,
        north=footprint.north,
        ground_sample_distance=min(resolutions, default=None),
        cloud_cover=scene.cloud_cover,
        snow_cover=snow if snow is not None or head is None else head.snow_cover,
        aot_retrieval_method=head.aot_retrieval_method if head else None,
        ozone_source=head.ozone_source if head else None,
        quantification_value=head.quantification_value if head else None,
        aot_quantification_value=head.aot_quantification_value if head else None,
        wvp_quantification_value=head.wvp_quantification_value if head else None,
        reflectance_conversion_factor=head.reflectance_conversion_factor if head else None,
        sun_zenith=zenith,
        sun_azimuth=single.sun_azimuth if single else None,
        sun_elevation=_ZENITH - zenith if zenith is not None else None,
        view_incidence_angle=single.view_incidence_angle if single else None,
        view_azimuth=single.view_azimuth if single else None,
        **figures,  # type: ignore[arg-type]
    )


def _sensing_of(scene: Scene) -> Iterator[Record]:
    head, satellite = scene.product, scene.satellite
    platform = platform_of(satellite)
    start = head.datatake_start if head else None
    yield Platform(platform, f"Sentinel-2{satellite[2]}", "sentinel-2")
    yield Instrument(platform, _INSTRUMENT, "MSI", "optical")
    for tile in scene.tiles:
        yield Tile(tile)
    if scene.datatake_id is None:
        return
    yield Datatake(
        datatake_id=scene.datatake_id,
        platform=platform,
        datatake_type=head.datatake_type if head else None,
        sensing_start=start,
        relative_orbit=scene.relative_orbit,
        absolute_orbit=scene.absolute_orbit,
        orbit_direction=scene.orbit_direction,
    )
    for tile in scene.tiles:
        acquisition_id = ids.acquisition_id(scene.datatake_id, tile)
        if acquisition_id is None:
            continue
        yield Acquisition(
            acquisition_id=acquisition_id,
            platform=platform,
            instrument=_INSTRUMENT,
            datatake_id=scene.datatake_id,
            mgrs_tile=tile,
            sensing_start=head.sensing_start if head else None,
            sensing_stop=head.sensing_stop if head else None,
            relative_orbit=scene.relative_orbit,
            absolute_orbit=scene.absolute_orbit,
            orbit_direction=scene.orbit_direction,
        )


def _granules_of(scene: Scene) -> Iterator[Granule]:
    details = {granule.granule_id: granule for granule in scene.granules}
    for listed in scene.listed:
        told = details.get(listed.granule_id)
        yield Granule(
            product_id=scene.product_id,
            granule_id=listed.granule_id,
            mgrs_tile=told.mgrs_tile if told else ids.tile_of(listed.granule_id),
            datastrip_id=listed.datastrip_id or (told.datastrip_id if told else None),
            crs_code=told.crs_code if told else None,
            sensing_time=told.sensing_time if told else None,
            sun_zenith=told.sun_zenith if told else None,
            sun_azimuth=told.sun_azimuth if told else None,
            view_incidence_angle=told.view_incidence_angle if told else None,
            view_azimuth=told.view_azimuth_circular if told else None,
            upper_left_x=told.upper_left_x if told else None,
            upper_left_y=told.upper_left_y if told else None,
            cloud_cover=told.cloud_cover if told else None,
        )


def _bands_of(scene: Scene) -> Iterator[Band]:
    for band in scene.product.bands if scene.product else ():
        yield Band(
            product_id=scene.product_id,
            band=band.band,
            band_index=band.band_index,
            common_name=COMMON_NAMES.get(band.band),
            resolution=band.resolution,
            central_wavelength=band.central_wavelength,
            min_wavelength=band.min_wavelength,
            max_wavelength=band.max_wavelength,
            solar_irradiance=band.solar_irradiance,
            radiometric_offset=band.radiometric_offset,
            physical_gain=band.physical_gain,
        )


def _checks_of(scene: Scene) -> Iterator[QualityCheck]:
    for check, verdict in scene.product.checks if scene.product else ():
        yield QualityCheck(scene.product_id, check, verdict)


def _steps_of(scene: Scene) -> Iterator[ProcessingStep]:
    """Yield the manifest's history; one step may bear the same name as another."""
    centres = {centre for d in scene.datastrip_ids if (centre := ids.centre_of(d))}
    # the datastrip's id names the centre where the manifest does not
    centre = centres.pop() if len(centres) == 1 else None
    taken: set[str] = set()
    for order, step in enumerate(scene.manifest.history if scene.manifest else (), start=1):
        name = step.name if step.name not in taken else f"{step.name} ({order})"
        taken.add(name)
        yield ProcessingStep(
            product_id=scene.product_id,
            step=name,
            order=order,
            description=step.name,
            software=step.software,
            software_version=step.software_version,
            facility=step.facility or centre,
            started=step.started,
            ended=step.ended,
        )


def _assets_of(scene: Scene) -> Iterator[Asset]:
    files = {file.href: file for file in scene.manifest.files} if scene.manifest else {}
    several = len(scene.listed) > 1
    taken: set[str] = set()
    for listed in scene.listed:
        tile = ids.tile_of(listed.granule_id)
        for path in listed.images:
            key = ids.image_key(path)
            if several and tile:
                key = f"T{tile}_{key}"
            if key in taken:  # the same kind of image twice: its whole name tells them apart
                key = path.rsplit("/", 1)[-1]
            if key not in taken:
                taken.add(key)
                yield _asset(scene.product_id, key, _with_suffix(path, listed.image_format), files)


def _asset(product_id: str, key: str, href: str, files: dict[str, ListedFile]) -> Asset:
    kind, file = ids.image_kind(href), files.get(href)
    return Asset(
        product_id=product_id,
        asset_key=key,
        href=href,
        media_type="image/jp2" if href.lower().endswith(".jp2") else None,
        roles=_ROLES.get(kind or "", ("data",)),
        size=file.size if file else None,
        checksum=file.checksum if file else None,
        bands=_TRUE_COLOUR if kind == "TCI" else (kind,) if kind in ids.BAND_NAMES else (),
    )


def _with_suffix(path: str, image_format: str | None) -> str:
    """Name the file: the metadata list images without the suffix that imageFormat means."""
    bare = "." not in path.rsplit("/", 1)[-1]
    return f"{path}.jp2" if bare and image_format in {None, "JPEG2000"} else path
