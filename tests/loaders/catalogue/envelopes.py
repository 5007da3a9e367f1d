"""One image, written in each envelope by hand, from the descriptions of the formats."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar
from xml.sax.saxutils import escape

from dafab_kg.loaders.catalogue import CatalogueLoader
from dafab_kg.model.documents import Entry, Found, Reading, Refused, Tree
from dafab_kg.model.records import Product, Record

HOST = "https://catalogue.example.org"
LOADER = CatalogueLoader()


@dataclass(frozen=True)
class Image:
    """A Sentinel-2 image; ``ring`` is closed, of (longitude, latitude) as text."""

    satellite: str = "S2B"
    level: str = "2A"
    start: str = "2023-05-17T10:36:29.024"
    baseline: str = "05.09"
    relative_orbit: int = 8
    absolute_orbit: int = 32354
    tile: str = "31UFR"
    processed: str = "2023-05-17T13:33:05"
    cloud: str = "7.25"
    size: int = 1127428915
    ring: tuple[tuple[str, str], ...] = (
        ("5.71", "48.7"), ("7.2", "48.65"), ("7.25", "49.63"), ("5.73", "49.7"), ("5.71", "48.7"),
    )  # fmt: skip
    uuid: str = "0f6a5a8e-6f3a-5f0e-9d39-0b5a7a1c2d3e"
    md5: str = "0123456789abcdef0123456789abcdef"
    blake3: str = "ab" * 32
    online: bool = True
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        compact = self.start[:19].replace("-", "").replace(":", "")
        processed = self.processed.replace("-", "").replace(":", "")
        return (
            f"{self.satellite}_MSIL{self.level}_{compact}_N{self.baseline.replace('.', '')}"
            f"_R{self.relative_orbit:03}_T{self.tile}_{processed}"
        )

    @property
    def take(self) -> str:
        compact = self.start[:19].replace("-", "").replace(":", "")
        return f"G{self.satellite}_{compact}_{self.absolute_orbit:06}_N{self.baseline}"

    @property
    def wkt(self) -> str:
        return f"POLYGON (({', '.join(f'{x} {y}' for x, y in self.ring)}))"

    @property
    def latlon(self) -> str:
        return " ".join(f"{y} {x}" for x, y in self.ring)

    @property
    def polygon(self) -> dict[str, Any]:
        ring = [[Number(x), Number(y)] for x, y in self.ring]
        return {"type": "Polygon", "coordinates": [ring]}

    @property
    def box(self) -> tuple[str, str, str, str]:
        """West, south, east, north."""
        xs, ys = ([Decimal(p[i]) for p in self.ring] for i in (0, 1))
        return str(min(xs)), str(min(ys)), str(max(xs)), str(max(ys))


class Number(float):
    """A number that JSON writes with the digits it was given with."""

    def __new__(cls, text: str) -> Number:
        made = super().__new__(cls, text)
        made.text = text  # type: ignore[attr-defined]
        return made

    def __repr__(self) -> str:
        return str(self.text)  # type: ignore[attr-defined]


def written(value: Any) -> bytes:
    """Write JSON in which numbers keep the digits they were given with."""
    return _write(value).encode()


def _write(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_write(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_write, value)) + "]"
    return repr(value) if isinstance(value, Number) else json.dumps(value)


# OData ------------------------------------------------------------------------------------


def odata(image: Image, time: str = "{}Z", cloud: Any = None) -> dict[str, Any]:
    told = {
        "tileId": image.tile,
        "cloudCover": Number(image.cloud) if cloud is None else cloud,
        "orbitNumber": image.absolute_orbit,
        "processingDate": time.format(f"{image.processed}.000000"),
        "productGroupId": image.take,
        "operationalMode": "INS-NOBS",
        "processingLevel": f"S2MSI{image.level}",
        "processorVersion": image.baseline,
        "platformShortName": "SENTINEL-2",
        "instrumentShortName": "MSI",
        "relativeOrbitNumber": image.relative_orbit,
        "platformSerialIdentifier": image.satellite[2],
        "productType": f"S2MSI{image.level}",
        "beginningDateTime": time.format(image.start),
        "endingDateTime": time.format(image.start),
        "origin": "ESA",
    }
    return {
        "@odata.mediaContentType": "application/octet-stream",
        "Id": image.uuid,
        "Name": f"{image.name}.SAFE",
        "ContentType": "application/octet-stream",
        "ContentLength": image.size,
        "OriginDate": "2023-05-17T14:00:00.000000Z",
        "PublicationDate": "2023-05-17T14:10:11.120000Z",
        "ModificationDate": "2023-05-18T00:00:00Z",
        "Online": image.online,
        "EvictionDate": "9999-12-31T23:59:59.999999Z",
        "S3Path": f"/eodata/Sentinel-2/MSI/{image.name}.SAFE",
        "Checksum": [
            {"Value": image.md5, "Algorithm": "MD5", "ChecksumDate": "2023-05-17T14:10:12.5Z"},
            {"Value": image.blake3.upper(), "Algorithm": "BLAKE3"},
        ],
        "ContentDate": {"Start": time.format(image.start), "End": time.format(image.start)},
        "Footprint": f"geography'SRID=4326;{image.wkt}'",
        "GeoFootprint": image.polygon,
        "Attributes": [
            {"@odata.type": "#x", "Name": n, "Value": v, "ValueType": "x"} for n, v in told.items()
        ],
        "Assets": [
            {"Type": "QUICKLOOK", "Id": "q", "DownloadLink": f"{HOST}/odata/v1/Assets(q)/$value"}
        ],
        **image.extra,
    }


def odata_answer(*products: Any) -> dict[str, Any]:
    return {"@odata.context": "$metadata#Products(Attributes())", "value": list(products)}


def notification(image: Image, **around: Any) -> dict[str, Any]:
    inner = odata(image)
    return {
        "@odata.context": "$metadata#Notification/$entity",
        "SubscriptionEvent": "created",
        "ProductId": image.uuid,
        "ProductName": inner["Name"],
        "SubscriptionId": "5a0d6c3b-5a9c-4a86-8a0f-0d3c2b1a0f9e",
        "NotificationDate": "2023-05-17T14:10:13.698Z",
        "value": inner,
        **around,
    }


# OpenSearch as JSON -----------------------------------------------------------------------


def resto(image: Image, time: str = "{}Z", cloud: Any = None) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": image.uuid,
        "geometry": image.polygon,
        "properties": {
            "collection": "SENTINEL-2",
            "status": "ONLINE" if image.online else "OFFLINE",
            "productIdentifier": f"/eodata/Sentinel-2/MSI/{image.name}.SAFE",
            "title": f"{image.name}.SAFE",
            "startDate": time.format(image.start),
            "completionDate": time.format(image.start),
            "productType": f"S2MSI{image.level}",
            "processingLevel": f"S2MSI{image.level}",
            "platform": image.satellite,
            "instrument": "MSI",
            "resolution": 60,
            "sensorMode": None,
            "orbitNumber": image.absolute_orbit,
            "relativeOrbitNumber": image.relative_orbit,
            "cloudCover": Number(image.cloud) if cloud is None else cloud,
            "published": "2023-05-17T14:10:11.12Z",
            "updated": "2023-05-18T00:00:00.000Z",
            "keywords": [],
            "services": {
                "download": {
                    "url": f"{HOST}/download/{image.uuid}",
                    "mimeType": "application/octet-stream",
                    "size": image.size,
                }
            },
            "links": [{"rel": "self", "href": f"{HOST}/resto/{image.uuid}.json"}],
            **image.extra,
        },
    }


def resto_answer(*features: Any) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "properties": {
            "id": "x",
            "totalResults": len(features),
            "links": [{"rel": "self", "href": f"{HOST}/resto/search.json?"}],
        },
        "features": list(features),
    }


# OpenSearch of DHuS -----------------------------------------------------------------------


def dhus_fields(image: Image, time: str = "{}Z") -> dict[str, dict[str, str]]:
    positions = " ".join(f"{y},{x}" for x, y in image.ring)
    return {
        "date": {
            "beginposition": time.format(image.start),
            "endposition": time.format(image.start),
            "ingestiondate": "2023-05-17T14:10:11.12Z",
            "generationdate": f"{image.processed}Z",
        },
        "int": {
            "orbitnumber": str(image.absolute_orbit),
            "relativeorbitnumber": str(image.relative_orbit),
        },
        "double": {"cloudcoverpercentage": image.cloud},
        "str": {
            "filename": f"{image.name}.SAFE",
            "identifier": image.name,
            "gmlfootprint": '<gml:Polygon srsName="http://www.opengis.net/gml/srs/epsg.xml#4326"'
            ' xmlns:gml="http://www.opengis.net/gml"><gml:outerBoundaryIs><gml:LinearRing>'
            f"<gml:coordinates>{positions}</gml:coordinates>"
            "</gml:LinearRing></gml:outerBoundaryIs></gml:Polygon>",
            "footprint": f"MULTIPOLYGON ({image.wkt.removeprefix('POLYGON ')})",
            "size": f"{image.size / 1024**3:.2f} GB",
            "uuid": image.uuid,
            "platformname": "Sentinel-2",
            "platformserialidentifier": f"Sentinel-{image.satellite[1:]}",
            "instrumentshortname": "MSI",
            "sensoroperationalmode": "INS-NOBS",
            "processinglevel": f"Level-{image.level}",
            "processingbaseline": image.baseline,
            "producttype": f"S2MSI{image.level}",
            "s2datatakeid": image.take,
            "tileid": image.tile,
            "format": "SAFE",
        },
    }


def dhus_json(image: Image, time: str = "{}Z") -> dict[str, Any]:
    return {
        "title": image.name,
        "id": image.uuid,
        "ondemand": "false" if image.online else "true",
        "link": [
            {"href": f"{HOST}/odata/v1/Products('{image.uuid}')/$value"},
            {"rel": "alternative", "href": f"{HOST}/odata/v1/Products('{image.uuid}')/"},
        ],
        **{
            kind: [{"name": n, "content": v} for n, v in fields.items()]
            for kind, fields in dhus_fields(image, time).items()
        },
    }


def dhus_json_answer(*entries: Any) -> dict[str, Any]:
    entry: Any = entries[0] if len(entries) == 1 else list(entries)
    return {
        "feed": {
            "xmlns": "http://www.w3.org/2005/Atom",
            "opensearch:totalResults": str(len(entries)),
            "link": [{"rel": "self", "href": f"{HOST}/dhus/search?q=*"}],
            **({"entry": entry} if entries else {}),
        }
    }


def dhus_xml(image: Image, time: str = "{}Z") -> str:
    fields = "".join(
        f'<{kind} name="{name}">{escape(value)}</{kind}>'
        for kind, told in dhus_fields(image, time).items()
        for name, value in told.items()
    )
    return (
        f"<entry><title>{image.name}</title><id>{image.uuid}</id>"
        f"<link href=\"{HOST}/odata/v1/Products('{image.uuid}')/$value\"/>"
        f"<ondemand>{'false' if image.online else 'true'}</ondemand>{fields}</entry>"
    )


def feed(*entries: str, total: int | None = None) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"'
        ' xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:georss="http://www.georss.org/georss"'
        ' xmlns:gml="http://www.opengis.net/gml"'
        ' xmlns:eo="http://a9.com/-/opensearch/extensions/eo/1.0/">'
        f'<title>Search</title><link rel="self" href="{HOST}/opensearch?a=b"/>'
        f"<opensearch:totalResults>{len(entries) if total is None else total}"
        f"</opensearch:totalResults>{''.join(entries)}</feed>"
    )


# OpenSearch as Atom -----------------------------------------------------------------------


def atom(image: Image, time: str = "{}Z", place: str = "where", title: str = "") -> str:
    where = {
        "where": "<georss:where><gml:Polygon><gml:exterior><gml:LinearRing>"
        f'<gml:posList srsDimension="2">{image.latlon}</gml:posList>'
        "</gml:LinearRing></gml:exterior></gml:Polygon></georss:where>",
        "polygon": f"<georss:polygon>{image.latlon}</georss:polygon>",
        "crs84": '<georss:where><gml:Polygon srsName="urn:ogc:def:crs:OGC:1.3:CRS84"><gml:exterior>'
        f"<gml:LinearRing>{''.join(f'<gml:pos>{x} {y}</gml:pos>' for x, y in image.ring)}"
        "</gml:LinearRing></gml:exterior></gml:Polygon></georss:where>",
        "none": "",
    }[place]
    start = time.format(image.start)
    return (
        f"<entry><id>{image.uuid}</id><title>{title or image.name}</title>"
        f"<dc:identifier>{image.name if not title else ''}</dc:identifier>"
        f"<dc:date>{start}/{start}</dc:date><published>2023-05-17T14:10:11.12Z</published>"
        "<updated>2023-05-18T00:00:00Z</updated>"
        f"<eo:platform>{image.satellite}</eo:platform><eo:instrument>MSI</eo:instrument>"
        f"<eo:productType>S2MSI{image.level}</eo:productType>"
        f"<eo:processingLevel>LEVEL{image.level}</eo:processingLevel>"
        f"<eo:orbitNumber>{image.absolute_orbit}</eo:orbitNumber>"
        f"<eo:cloudCover>{image.cloud}</eo:cloudCover>{where}"
        f'<link rel="enclosure" type="application/zip" length="{image.size}"'
        f' href="{HOST}/download/{image.uuid}"/>'
        '<content type="html">&lt;b&gt;an &lt;i&gt;image&lt;/i&gt;&lt;/b&gt;</content></entry>'
    )


# ISO 19115-2 ------------------------------------------------------------------------------


def iso(image: Image, time: str = "{}Z", srs: str = "urn:ogc:def:crs:EPSG::4326") -> str:
    west, south, east, north = image.box

    def text(name: str, value: str, kind: str = "CharacterString") -> str:
        return f"<gmd:{name}><gco:{kind}>{value}</gco:{kind}></gmd:{name}>"

    ring = image.latlon if "EPSG" in srs else " ".join(f"{x} {y}" for x, y in image.ring)
    code = "<gmi:identifier><gmd:MD_Identifier>{}</gmd:MD_Identifier></gmi:identifier>"
    start = time.format(image.start)
    return (
        '<gmi:MI_Metadata xmlns:gmi="http://www.isotc211.org/2005/gmi"'
        ' xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco"'
        ' xmlns:gml="http://www.opengis.net/gml/3.2">'
        + text("fileIdentifier", image.uuid)
        + "<gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>"
        + text("title", f"{image.name}.SAFE")
        + "</gmd:CI_Citation></gmd:citation>"
        + text("abstract", "An image of the land.")
        + "<gmd:extent><gmd:EX_Extent><gmd:geographicElement><gmd:EX_GeographicBoundingBox>"
        + text("westBoundLongitude", west, "Decimal")
        + text("eastBoundLongitude", east, "Decimal")
        + text("southBoundLatitude", south, "Decimal")
        + text("northBoundLatitude", north, "Decimal")
        + "</gmd:EX_GeographicBoundingBox></gmd:geographicElement><gmd:geographicElement>"
        f'<gmd:EX_BoundingPolygon><gmd:polygon><gml:Polygon gml:id="p" srsName="{srs}">'
        f"<gml:exterior><gml:LinearRing><gml:posList>{ring}</gml:posList></gml:LinearRing>"
        "</gml:exterior></gml:Polygon></gmd:polygon></gmd:EX_BoundingPolygon>"
        "</gmd:geographicElement><gmd:temporalElement><gmd:EX_TemporalExtent><gmd:extent>"
        f'<gml:TimePeriod gml:id="t"><gml:beginPosition>{start}</gml:beginPosition>'
        f"<gml:endPosition>{start}</gml:endPosition></gml:TimePeriod></gmd:extent>"
        "</gmd:EX_TemporalExtent></gmd:temporalElement></gmd:EX_Extent></gmd:extent>"
        "</gmd:MD_DataIdentification></gmd:identificationInfo><gmd:contentInfo>"
        "<gmd:MD_ImageDescription>"
        + text("cloudCoverPercentage", image.cloud, "Real")
        + f"<gmd:processingLevelCode><gmd:MD_Identifier>{text('code', f'L{image.level}')}"
        "</gmd:MD_Identifier></gmd:processingLevelCode></gmd:MD_ImageDescription>"
        "</gmd:contentInfo><gmi:acquisitionInformation><gmi:MI_AcquisitionInformation>"
        f"<gmi:instrument><gmi:MI_Instrument>{code.format(text('code', 'MSI'))}"
        "</gmi:MI_Instrument></gmi:instrument><gmi:platform><gmi:MI_Platform>"
        f"{code.format(text('code', f'Sentinel-{image.satellite[1:]}'))}"
        "</gmi:MI_Platform></gmi:platform></gmi:MI_AcquisitionInformation>"
        "</gmi:acquisitionInformation></gmi:MI_Metadata>"
    )


def csw(*records: str) -> str:
    return (
        '<csw:GetRecordByIdResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2">'
        f"{''.join(records)}</csw:GetRecordByIdResponse>"
    )


# Others -----------------------------------------------------------------------------------


def eodag(image: Image, time: str = "{}Z", cloud: Any = None) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": image.name,
        "geometry": image.polygon,
        "properties": {
            "eodag:provider": "cop_dataspace",
            "eodag:collection": "S2_MSI_L2A",
            "title": image.name,
            "start_datetime": time.format(image.start),
            "end_datetime": time.format(image.start),
            "platform": image.satellite,
            "instruments": ["MSI"],
            "eo:cloud_cover": Number(image.cloud) if cloud is None else cloud,
            "product:type": f"S2MSI{image.level}",
            "processing:level": f"S2MSI{image.level}",
            "orbitNumber": image.absolute_orbit,
            "order:status": "succeeded" if image.online else "orderable",
        },
    }


def stac(image: Image, time: str = "{}Z") -> dict[str, Any]:
    """The same image as a STAC Item, which the loader ``stac`` reads."""
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": image.name,
        "geometry": image.polygon,
        "links": [{"rel": "self", "href": f"{HOST}/stac/{image.name}"}],
        "assets": {},
        "properties": {
            "datetime": time.format(image.start),
            "start_datetime": time.format(image.start),
            "end_datetime": time.format(image.start),
            "platform": f"sentinel-{image.satellite[1:].lower()}",
            "instruments": ["msi"],
            "eo:cloud_cover": Number(image.cloud),
            "sat:relative_orbit": image.relative_orbit,
            "sat:absolute_orbit": image.absolute_orbit,
            "s2:datatake_id": image.take,
            "s2:product_uri": f"{image.name}.SAFE",
            "s2:product_type": f"S2MSI{image.level}",
        },
    }


# Reading ----------------------------------------------------------------------------------


def entry(data: Any, name: str = "") -> Entry:
    raw = (
        data
        if isinstance(data, bytes)
        else data.encode()
        if isinstance(data, str)
        else written(data)
    )
    called = name or ("answer.xml" if raw.lstrip().startswith(b"<") else "answer.json")
    return Entry(called, f"/in/{called}", len(raw), raw[:4096], lambda: raw)


def find(data: Any, loader: Any = LOADER) -> list[Found | Refused]:
    one = entry(data)
    return list(loader.find(Tree(one.origin, (one,))))


def read(data: Any, loader: Any = LOADER) -> list[Reading]:
    """Read all documents; none may be refused."""
    items = find(data, loader)
    assert all(isinstance(item, Found) for item in items), items
    return [loader.read(item.document) for item in items if isinstance(item, Found)]


def only(data: Any, loader: Any = LOADER) -> Reading:
    (reading,) = read(data, loader)
    return reading


AnyRecord = TypeVar("AnyRecord", bound=Record)


def of(reading: Reading, kind: type[AnyRecord]) -> list[AnyRecord]:
    return [record for record in reading.records if type(record) is kind]


def product(reading: Reading) -> Product:
    (found,) = of(reading, Product)
    return found
