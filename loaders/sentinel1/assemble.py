"""A scene to records."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dafab_kg.loaders.sentinel1.assets import assets_of, image_key
from dafab_kg.loaders.sentinel1.scene import Scene
from dafab_kg.loaders.sentinel1.tile import INSTRUMENT
from dafab_kg.model.geometry import Footprint
from dafab_kg.model.product_names import platform_of
from dafab_kg.model.records import (
    Acquisition,
    Asset,
    Datatake,
    Instrument,
    Platform,
    ProcessingStep,
    Product,
    QualityCheck,
    Record,
    SarImage,
)


def records_of(scene: Scene, footprint: Footprint) -> tuple[Record, ...]:
    """Return all records of a scene."""
    manifest = scene.manifest
    assets = tuple(assets_of(scene.name.name, manifest.files)) if manifest else ()
    return (
        product_of(scene, footprint),
        *_sensing_of(scene),
        *_images_of(scene, assets),
        *_checks_of(scene),
        *_steps_of(scene),
        *assets,
    )


def product_of(scene: Scene, footprint: Footprint) -> Product:
    """Return the product's own record."""
    manifest, named = scene.manifest, scene.name.fields
    acquisition = scene.name.acquisition_id
    return Product(
        product_id=scene.name.name,
        product_uri=f"{scene.name.name}.SAFE",
        product_type=(manifest.product_type if manifest else None) or named["product_type"],
        processing_level=named.get("processing_level"),
        generation_time=scene.generation_time,
        product_format="SAFE" if manifest else None,
        platform=named["platform"],
        instrument=INSTRUMENT,
        acquisition_ids=(acquisition,) if acquisition else (),
        datatake_id=named["datatake_id"],
        datetime=scene.sensing_start,
        sensing_start=scene.sensing_start,
        sensing_stop=scene.sensing_stop,
        relative_orbit=manifest.relative_orbit if manifest else None,
        absolute_orbit=(manifest.absolute_orbit if manifest else None) or named["absolute_orbit"],
        orbit_direction=manifest.orbit_direction if manifest else None,
        footprint_wkt=footprint.wkt,
        west=footprint.west,
        south=footprint.south,
        east=footprint.east,
        north=footprint.north,
        ground_sample_distance=_ground_distance(scene),
        polarisations=(manifest.polarisations if manifest else ()) or named["polarisations"],
        instrument_mode=(manifest.mode if manifest else None) or named["instrument_mode"],
        swaths=manifest.swaths if manifest else (),
        resolution_class=named.get("resolution_class"),
        product_class=(manifest.product_class if manifest else None) or named.get("product_class"),
        product_composition=manifest.product_composition if manifest else None,
        timeliness=manifest.timeliness if manifest else None,
        slice_number=manifest.slice_number if manifest else None,
        total_slices=manifest.total_slices if manifest else None,
        cycle_number=manifest.cycle_number if manifest else None,
    )


def _ground_distance(scene: Scene) -> Decimal | None:
    """Return the finest pixel spacing of images that lie on the ground."""
    spacings = [
        spacing
        for image in scene.annotations
        if image.projection == "Ground Range"
        for spacing in (image.pixel_spacing_range, image.pixel_spacing_azimuth)
        if spacing
    ]
    return min(spacings, default=None)


def _sensing_of(scene: Scene) -> Iterator[Record]:
    manifest, named = scene.manifest, scene.name.fields
    satellite = scene.name.satellite
    platform = platform_of(satellite)
    yield Platform(platform, f"Sentinel-1{satellite[2]}", "sentinel-1")
    yield Instrument(platform, INSTRUMENT, "C-SAR", "sar")
    # a datatake may reach over several orbits: these are facts of its products only
    yield Datatake(named["datatake_id"], platform)
    if scene.name.acquisition_id is not None:
        yield Acquisition(
            acquisition_id=scene.name.acquisition_id,
            platform=platform,
            instrument=INSTRUMENT,
            datatake_id=named["datatake_id"],
            sensing_start=scene.sensing_start,
            sensing_stop=scene.sensing_stop,
            relative_orbit=manifest.relative_orbit if manifest else None,
            absolute_orbit=(manifest.absolute_orbit if manifest else None)
            or named["absolute_orbit"],
            orbit_direction=manifest.orbit_direction if manifest else None,
        )


def _images_of(scene: Scene, assets: tuple[Asset, ...]) -> Iterator[SarImage]:
    files = {
        (asset.href or "").rpartition("/")[2].rpartition(".")[0]: asset
        for asset in assets
        if "data" in asset.roles
    }
    keys = {asset.asset_key for asset in assets}
    taken: set[str] = set()
    for order, image in enumerate(scene.annotations, start=1):
        stem = image.name.rpartition("/")[2].rpartition(".")[0]
        asset = files.get(stem)
        if asset is not None:
            key = asset.asset_key
        elif image.swath and image.polarisation:
            key = image_key(image.swath, image.polarisation)
        else:
            key = stem
        if key in taken:
            key = f"{key}-{image.image_number or order:03d}"
        taken.add(key)
        yield SarImage(
            product_id=scene.name.name,
            image_name=key,
            asset_key=key if key in keys else None,
            swath=image.swath,
            polarisation=image.polarisation,
            image_number=image.image_number,
            sensing_start=image.sensing_start,
            sensing_stop=image.sensing_stop,
            projection=image.projection,
            pixel_value=image.pixel_value,
            number_of_samples=image.number_of_samples,
            number_of_lines=image.number_of_lines,
            pixel_spacing_range=image.pixel_spacing_range,
            pixel_spacing_azimuth=image.pixel_spacing_azimuth,
            looks_range=image.looks_range,
            looks_azimuth=image.looks_azimuth,
            incidence_angle_near=image.incidence_angle_near,
            incidence_angle_mid=image.incidence_angle_mid,
            incidence_angle_far=image.incidence_angle_far,
            radar_frequency=image.radar_frequency,
            number_of_bursts=image.number_of_bursts,
        )


def _checks_of(scene: Scene) -> Iterator[QualityCheck]:
    """Yield each quality flag, FAILED if it is raised in any of the images."""
    raised: dict[str, bool] = {}
    for image in scene.annotations:
        for name, value in image.flags.items():
            raised[name] = raised.get(name, False) or value
    for name, value in raised.items():
        yield QualityCheck(scene.name.name, name, "FAILED" if value else "PASSED")


def _steps_of(scene: Scene) -> Iterator[ProcessingStep]:
    """Yield the manifest's history; one step may bear the same name as another."""
    taken: set[str] = set()
    for order, step in enumerate(scene.manifest.history if scene.manifest else (), start=1):
        name = step.name if step.name not in taken else f"{step.name} ({order})"
        taken.add(name)
        yield ProcessingStep(
            product_id=scene.name.name,
            step=name,
            order=order,
            description=step.name,
            software=step.software,
            software_version=step.software_version,
            facility=step.facility,
            started=step.started,
            ended=step.ended,
        )
