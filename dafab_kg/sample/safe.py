"""SAFE metadata of a product, after the Sentinel-2 Products Specification Document.

The files are our own: the parts of ``MTD_MSIL*.xml``, ``MTD_TL.xml`` and
``manifest.safe`` that describe a product, without the lists of auxiliary files
and the grids of angles.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from string import Template
from typing import NamedTuple

from dafab_kg.model import resources
from dafab_kg.sample.plan import Product, stamp
from dafab_kg.sample.scene import Cover, Scene
from dafab_kg.sample.tiles import tile


class Band(NamedTuple):
    """A band of MSI: resolution in m, wavelengths in nm, irradiance in W/m²/µm."""

    name: str
    resolution: int
    low: int
    high: int
    centre: tuple[float, float, float]  # S2A, S2B, S2C
    irradiance: float
    gain: float

    @property
    def physical(self) -> str:
        """Name in product metadata: ``B1`` for B01."""
        return self.name.replace("B0", "B")


# Rounded from the mission's public description of the instrument.
BANDS = (
    Band("B01", 60, 412, 456, (442.7, 442.3, 444.2), 1884.7, 4.0),
    Band("B02", 10, 456, 533, (492.7, 492.3, 489.0), 1959.7, 3.8),
    Band("B03", 10, 538, 583, (559.8, 558.9, 560.6), 1823.2, 4.2),
    Band("B04", 10, 646, 684, (664.6, 664.9, 666.5), 1512.1, 4.8),
    Band("B05", 20, 695, 714, (704.1, 703.8, 707.1), 1424.6, 5.2),
    Band("B06", 20, 731, 749, (740.5, 739.1, 741.1), 1287.6, 5.1),
    Band("B07", 20, 769, 797, (782.8, 779.7, 784.7), 1162.1, 4.7),
    Band("B08", 10, 760, 907, (832.8, 832.9, 834.6), 1041.6, 6.8),
    Band("B8A", 20, 837, 881, (864.7, 864.0, 865.6), 955.3, 5.7),
    Band("B09", 60, 932, 958, (945.1, 943.2, 947.4), 812.9, 9.3),
    Band("B10", 60, 1337, 1412, (1373.5, 1376.9, 1372.0), 367.2, 56.3),
    Band("B11", 20, 1539, 1682, (1613.7, 1610.4, 1612.0), 245.6, 37.1),
    Band("B12", 20, 2078, 2320, (2202.4, 2185.7, 2191.3), 85.3, 108.6),
)

_DOI = {
    "L1C": "https://doi.org/10.5270/S2_-742ikth",
    "L2A": "https://doi.org/10.5270/S2_-znk9xsj",
}
_TAKES = timedelta(minutes=12)  # from the start of processing to the finished product
_CHECKS = (
    "FORMAT_CORRECTNESS",
    "GENERAL_QUALITY",
    "GEOMETRIC_QUALITY",
    "RADIOMETRIC_QUALITY",
    "SENSOR_QUALITY",
)


def files(scene: Scene) -> dict[str, bytes]:
    """Return the metadata files of a product: path within the SAFE directory → content."""
    product = scene.product
    values = _values(scene)
    main = _fill(f"product_{product.level.lower()}.xml", values)
    granule = _fill("tile.xml", values)
    values |= {
        "product_size": len(main),
        "product_sum": hashlib.sha3_256(main).hexdigest().upper(),
        "tile_size": len(granule),
        "tile_sum": hashlib.sha3_256(granule).hexdigest().upper(),
    }
    return {
        f"MTD_MSI{product.level}.xml": main,
        f"GRANULE/{granule_folder(product)}/MTD_TL.xml": granule,
        "manifest.safe": _fill("manifest.xml", values),
    }


def datatake_id(product: Product) -> str:
    """Identifier of the datatake as the product states it, baseline included."""
    of = product.acquisition
    orbit = of.passed.absolute_orbit
    return f"G{of.satellite}_{stamp(of.start)}_{orbit:06d}_N{product.baseline}"


def granule_id(product: Product) -> str:
    """Identifier of the granule in full."""
    of = product.acquisition
    return (
        f"{of.satellite}_OPER_MSI_{product.level}_TL_{product.centre}_{stamp(product.generated)}"
        f"_A{of.passed.absolute_orbit:06d}_T{of.tile}_N{product.baseline}"
    )


def datastrip_id(product: Product) -> str:
    """Identifier of the datastrip in full."""
    of = product.acquisition
    return (
        f"{of.satellite}_OPER_MSI_{product.level}_DS_{product.centre}_{stamp(product.generated)}"
        f"_S{stamp(of.strip)}_N{product.baseline}"
    )


def granule_folder(product: Product) -> str:
    """Name of the granule's directory."""
    of = product.acquisition
    return f"{product.level}_T{of.tile}_A{of.passed.absolute_orbit:06d}_{stamp(of.strip)}"


def images(product: Product) -> list[tuple[str, int, str]]:
    """Return band, resolution and path (without suffix) of each image."""
    of = product.acquisition
    name = f"T{of.tile}_{stamp(of.start)}"
    folder = f"GRANULE/{granule_folder(product)}/IMG_DATA"
    if product.level == "L1C":
        bands = [*BANDS, Band("TCI", 10, 0, 0, (0, 0, 0), 0, 0)]
        return [(b.name, b.resolution, f"{folder}/{name}_{b.name}") for b in bands]
    found: list[tuple[str, int, str]] = []
    for resolution in (10, 20, 60):
        bands = [b for b in BANDS if b.resolution <= resolution and b.name not in {"B10", "B08"}]
        names = [b.name for b in bands] + ["TCI", "AOT", "WVP"]
        names += ["B08"] if resolution == 10 else ["SCL"]
        found += [
            (band, resolution, f"{folder}/R{resolution}m/{name}_{band}_{resolution}m")
            for band in names
        ]
    return found


def content(cover: Cover, nodata: float) -> dict[str, str]:
    """Image content of a Level-2A product: element name → value."""
    shares = {
        "CLOUDY_PIXEL_OVER_LAND_PERCENTAGE": cover.cloud,
        "NODATA_PIXEL_PERCENTAGE": nodata,
        "SATURATED_DEFECTIVE_PIXEL_PERCENTAGE": cover.saturated,
        "DARK_FEATURES_PERCENTAGE": cover.dark,
        "CLOUD_SHADOW_PERCENTAGE": cover.shadow,
        "VEGETATION_PERCENTAGE": cover.vegetation,
        "NOT_VEGETATED_PERCENTAGE": cover.not_vegetated,
        "WATER_PERCENTAGE": cover.water,
        "UNCLASSIFIED_PERCENTAGE": cover.unclassified,
        "MEDIUM_PROBA_CLOUDS_PERCENTAGE": cover.medium,
        "HIGH_PROBA_CLOUDS_PERCENTAGE": cover.high,
        "THIN_CIRRUS_PERCENTAGE": cover.cirrus,
        "SNOW_ICE_PERCENTAGE": cover.snow,
    }
    return {name: f"{value:.6f}" for name, value in shares.items()}


def _values(scene: Scene) -> dict[str, object]:
    """Everything that the templates ask for."""
    product, of = scene.product, scene.product.acquisition
    place = tile(of.tile)
    start = f"{of.start:%Y-%m-%dT%H:%M:%S}.024Z"
    return {
        "product": product.product_id,
        "psd": "psd-15" if product.baseline >= "05.11" else "psd-14",
        "level": product.level[1:],
        "lower": product.level[1:].lower(),
        "baseline": product.baseline,
        "doi": _line("      <PRODUCT_DOI>{}</PRODUCT_DOI>\n", product, _DOI[product.level]),
        "generated": f"{product.generated:%Y-%m-%dT%H:%M:%S}.000000Z",
        "finished": f"{product.generated + _TAKES:%Y-%m-%dT%H:%M:%S}.000000Z",
        "centre": product.centre,
        "start": start,
        "sensing": f"{of.sensing:%Y-%m-%dT%H:%M:%S.%f}Z",
        "spacecraft": f"Sentinel-2{of.passed.satellite}",
        "number": f"2{of.passed.satellite}",
        "datatake": datatake_id(product),
        "datastrip": datastrip_id(product),
        "granule": granule_id(product),
        "granule_folder": granule_folder(product),
        "relative_orbit": of.passed.view.relative_orbit,
        "absolute_orbit": f"{of.passed.absolute_orbit:06d}",
        "zone": f"{of.tile[:2]}N",
        "epsg": place.epsg,
        "ulx": place.ulx,
        "uly": place.uly,
        "sun_zenith": scene.sun_zenith,
        "sun_azimuth": scene.sun_azimuth,
        "sun_distance": scene.sun_distance,
        "footprint": " ".join(f"{lat} {lon}" for lon, lat in scene.footprint),
        "cloud": f"{scene.cover.cloud:.6f}",
        "snow": f"{scene.cover.snow:.6f}",
        **_lists(scene),
    }


def _lists(scene: Scene) -> dict[str, str]:
    """The repeated elements."""
    product = scene.product
    return {
        "images": _lines(
            12, (f"<IMAGE_FILE>{path}</IMAGE_FILE>" for _, _, path in images(product))
        ),
        "offsets": _offsets(product),
        "irradiances": _lines(
            10,
            (
                f'<SOLAR_IRRADIANCE bandId="{i}" unit="W/m²/µm">{b.irradiance}</SOLAR_IRRADIANCE>'
                for i, b in enumerate(BANDS)
            ),
        ),
        "bands": _lines(8, _spectral(product)),
        "gains": _lines(
            6,
            (
                f'<PHYSICAL_GAINS bandId="{i}">{b.gain}</PHYSICAL_GAINS>'
                for i, b in enumerate(BANDS)
            ),
        ),
        "checks": _lines(
            8, (f'<quality_check checkType="{c}">PASSED</quality_check>' for c in _checks(product))
        ),
        "views": _lines(8, _views(scene)),
        "content": _lines(6, _content(scene)),
    }


def _content(scene: Scene) -> list[str]:
    product = scene.product
    if product.level == "L1C":
        return []
    elements = content(scene.cover, scene.nodata)
    elements |= {
        "RADIATIVE_TRANSFER_ACCURACY": "0.0",
        "WATER_VAPOUR_RETRIEVAL_ACCURACY": "0.0",
        "AOT_RETRIEVAL_ACCURACY": "0.0",
    }
    if product.baseline >= "04.00":
        haze = round(0.06 + scene.cover.cirrus / 200, 6)
        elements |= {
            "AOT_RETRIEVAL_METHOD": "CAMS",
            "GRANULE_MEAN_AOT": f"{haze:.6f}",
            "GRANULE_MEAN_WV": f"{4.2 - scene.sun_zenith / 22:.6f}",
            "OZONE_SOURCE": "AUX_ECMWFT",
            "OZONE_VALUE": f"{260 + scene.sun_zenith:.6f}",
        }
    return [f"<{name}>{value}</{name}>" for name, value in elements.items()]


def _checks(product: Product) -> Sequence[str]:
    known = product.level == "L2A" and product.baseline >= "04.00"
    return sorted((*_CHECKS, "L2A_QUALITY")) if known else _CHECKS


def _offsets(product: Product) -> str:
    """The radiometric offset, which baseline 04.00 brought."""
    if product.baseline < "04.00":
        return ""
    outer, inner = (
        ("BOA_ADD_OFFSET_VALUES_LIST", "BOA_ADD_OFFSET")
        if product.level == "L2A"
        else ("Radiometric_Offset_List", "RADIO_ADD_OFFSET")
    )
    each = (f'<{inner} band_id="{i}">-1000</{inner}>' for i in range(len(BANDS)))
    return f"      <{outer}>\n{_lines(8, each)}\n      </{outer}>"


def _spectral(product: Product) -> list[str]:
    satellite = "ABC".index(product.acquisition.passed.satellite)
    return [
        f'<Spectral_Information bandId="{i}" physicalBand="{b.physical}">'
        f"<RESOLUTION>{b.resolution}</RESOLUTION>"
        f'<Wavelength><MIN unit="nm">{b.low}</MIN><MAX unit="nm">{b.high}</MAX>'
        f'<CENTRAL unit="nm">{b.centre[satellite]}</CENTRAL></Wavelength>'
        "</Spectral_Information>"
        for i, b in enumerate(BANDS)
    ]


def _views(scene: Scene) -> list[str]:
    """Mean view angles: each band looks a little further along the track."""
    return [
        f'<Mean_Viewing_Incidence_Angle bandId="{i}">'
        f'<ZENITH_ANGLE unit="deg">{scene.view_zenith + i * 0.05:.6f}</ZENITH_ANGLE>'
        f'<AZIMUTH_ANGLE unit="deg">{scene.view_azimuth - i * 0.1:.6f}</AZIMUTH_ANGLE>'
        "</Mean_Viewing_Incidence_Angle>"
        for i in range(len(BANDS))
    ]


def _line(form: str, product: Product, value: str) -> str:
    """A line that products have since baseline 04.00."""
    return form.format(value) if product.baseline >= "04.00" else ""


def _lines(indent: int, elements: Iterable[str]) -> str:
    return "\n".join(" " * indent + element for element in elements)


def _fill(name: str, values: dict[str, object]) -> bytes:
    template = resources.folder("sample").joinpath("templates", name).read_text(encoding="utf-8")
    filled = Template(template).substitute(values)
    return "\n".join(line for line in filled.split("\n") if line.strip()).encode() + b"\n"
