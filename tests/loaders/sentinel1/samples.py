"""Sentinel-1 metadata written by hand from the public format description."""

from __future__ import annotations

import binascii
from dataclasses import dataclass, replace

from dafab_kg.loaders.sentinel1 import Sentinel1Loader
from dafab_kg.model.documents import Entry, Found, Reading, Refused, Tree
from dafab_kg.model.records import Product

SPACES = (
    'xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:gml="http://www.opengis.net/gml"'
    ' xmlns:safe="http://www.esa.int/safe/sentinel-1.0"'
    ' xmlns:s1="http://www.esa.int/safe/sentinel-1.0/sentinel-1"'
    ' xmlns:s1sarl1="http://www.esa.int/safe/sentinel-1.0/sentinel-1/sar/level-1"'
)


def crc16(data: bytes) -> str:
    """CRC-16/CCITT-FALSE bit by bit, which the names of Sentinel-1 products end in."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ (0x1021 if crc & 0x8000 else 0)
            crc &= 0xFFFF
    assert crc == binascii.crc_hqx(data, 0xFFFF)
    return f"{crc:04X}"


@dataclass(frozen=True)
class Sample:
    """One product; times to the second, compact."""

    satellite: str = "S1C"
    mode: str = "IW"
    swaths: tuple[str, ...] = ("IW",)
    type: str = "GRD"
    resolution: str = "H"
    level: str = "1"
    polarisations: tuple[str, ...] = ("VV", "VH")
    letters: str = "DV"
    start: str = "20250401T051530"
    stop: str = "20250401T051555"
    orbit: int = 1777
    take: int = 0x00AB12
    rings: tuple[str, ...] = ("10.5,20.25 10.75,22.5 9.25,22.75 9,20.5",)
    passes: str = "DESCENDING"
    extra: str = ""

    @property
    def manifest(self) -> bytes:
        swaths = "".join(f"<s1sarl1:swath>{swath}</s1sarl1:swath>" for swath in self.swaths)
        polarisations = "".join(
            f"<s1sarl1:transmitterReceiverPolarisation>{one}</s1sarl1:transmitterReceiverPolarisation>"
            for one in self.polarisations
        )
        frames = "".join(
            f"<safe:frame><safe:footPrint><gml:coordinates>{ring}</gml:coordinates>"
            "</safe:footPrint></safe:frame>"
            for ring in self.rings
        )
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<xfdu:XFDU {SPACES} version="esa/safe/sentinel-1.0/sentinel-1/sar/level-{self.level}/x">
<metadataSection>
<metadataObject ID="processing"><metadataWrap><xmlData>
 <safe:processing name="Post" start="2025-04-01T07:00:00" stop="2025-04-01T07:30:00.5">
  <safe:facility name="A centre" country="Nowhere"><safe:software name="IPF" version="004.00"/>
  </safe:facility>
  <safe:resource name="r"><safe:processing name="Focus" start="2025-04-01T06:00:00"/>
  </safe:resource>
 </safe:processing></xmlData></metadataWrap></metadataObject>
<metadataObject><metadataWrap><xmlData><safe:platform>
 <safe:familyName>SENTINEL-1</safe:familyName><safe:number>{self.satellite[2]}</safe:number>
 <safe:instrument><safe:extension><s1sarl1:instrumentMode><s1sarl1:mode>{self.mode}</s1sarl1:mode>
 {swaths}</s1sarl1:instrumentMode></safe:extension></safe:instrument></safe:platform>
 <safe:orbitReference><safe:orbitNumber type="start">{self.orbit}</safe:orbitNumber>
 <safe:orbitNumber type="stop">{self.orbit}</safe:orbitNumber>
 <safe:relativeOrbitNumber type="start">37</safe:relativeOrbitNumber>
 <safe:cycleNumber>12</safe:cycleNumber><safe:extension><s1:orbitProperties>
 <s1:pass>{self.passes}</s1:pass></s1:orbitProperties></safe:extension></safe:orbitReference>
 <s1sarl1:standAloneProductInformation>
 <s1sarl1:missionDataTakeID>{self.take}</s1sarl1:missionDataTakeID>{polarisations}
 <s1sarl1:productClass>S</s1sarl1:productClass>
 <s1sarl1:productComposition>Slice</s1sarl1:productComposition>
 <s1sarl1:productType>{self.type}</s1sarl1:productType>
 <s1sarl1:productTimelinessCategory>Fast-24h</s1sarl1:productTimelinessCategory>
 <s1sarl1:sliceNumber>3</s1sarl1:sliceNumber><s1sarl1:totalSlices>5</s1sarl1:totalSlices>
 </s1sarl1:standAloneProductInformation>
 <safe:acquisitionPeriod><safe:startTime>{_iso(self.start)}.250000</safe:startTime>
 <safe:stopTime>{_iso(self.stop)}.750000</safe:stopTime></safe:acquisitionPeriod>
 <safe:frameSet>{frames}</safe:frameSet></xmlData></metadataWrap></metadataObject>
</metadataSection>
<dataObjectSection>{self.listed}</dataObjectSection>{self.extra}
</xfdu:XFDU>
""".encode()

    def file(self, number: int, swath: str, polarisation: str) -> str:
        """The name of an image's files without folder and suffix."""
        return (
            f"{self.satellite}-{swath}-{self.type}-{polarisation}-{self.start}-{self.stop}"
            f"-{self.orbit:06d}-{self.take:06x}-{number:03d}"
        ).lower()

    @property
    def images(self) -> tuple[tuple[str, str, str], ...]:
        """File name, swath and polarisation of each image."""
        pairs = [(s, p) for s in self.swaths for p in self.polarisations]
        return tuple((self.file(n, *pair), *pair) for n, pair in enumerate(pairs, start=1))

    @property
    def listed(self) -> str:
        rows = []
        for number, (name, _, _) in enumerate(self.images, start=1):
            for href, size in (
                (f"./measurement/{name}.tiff", 1000 + number),
                (f"./annotation/{name}.xml", 100 + number),
                (f"./annotation/calibration/calibration-{name}.xml", 10 + number),
                (f"./annotation/calibration/noise-{name}.xml", 20 + number),
            ):
                rows.append(
                    f'<dataObject><byteStream size="{size}"><fileLocation href="{href}"/>'
                    f'<checksum checksumName="MD5">{number:032X}</checksum>'
                    "</byteStream></dataObject>"
                )
        return "".join(rows)

    @property
    def name(self) -> str:
        beam = self.swaths[0] if self.mode == "SM" else self.mode
        return (
            f"{self.satellite}_{beam}_{self.type}{self.resolution}_{self.level}S{self.letters}"
            f"_{self.start}_{self.stop}_{self.orbit:06d}_{self.take:06X}_{crc16(self.manifest)}"
        )

    def annotation(
        self, swath: str, polarisation: str, spacing: str = "1.000000e+01", flag: str = "false"
    ) -> bytes:
        """The annotation of one image, with three points of the grid."""
        points = "".join(
            f"<geolocationGridPoint><incidenceAngle>{angle}</incidenceAngle></geolocationGridPoint>"
            for angle in ("3.05e+01", "3.80e+01", "4.60e+01")
        )
        looks = "".join(
            f"<swathProcParams><swath>IW{n}</swath><rangeProcessing><numberOfLooks>5</numberOfLooks>"
            f"</rangeProcessing><azimuthProcessing><numberOfLooks>{n}</numberOfLooks>"
            "</azimuthProcessing></swathProcParams>"
            for n in (1, 2)
        )
        ground = self.type == "GRD"
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<product><adsHeader><missionId>{self.satellite}</missionId><productType>{self.type}</productType>
<polarisation>{polarisation}</polarisation><mode>{self.mode}</mode><swath>{swath}</swath>
<startTime>{_iso(self.start)}.250000</startTime><stopTime>{_iso(self.stop)}.750000</stopTime>
<imageNumber>001</imageNumber></adsHeader>
<qualityInformation><qualityDataList><qualityData><imageQuality>
<outputDataMeanOutsideNominalRangeFlag>{flag}</outputDataMeanOutsideNominalRangeFlag>
</imageQuality></qualityData></qualityDataList></qualityInformation>
<generalAnnotation><productInformation>
<radarFrequency>5.405000454334350e+09</radarFrequency>
<projection>{"Ground" if ground else "Slant"} Range</projection></productInformation>
</generalAnnotation>
<imageAnnotation><imageInformation><pixelValue>{"Detected" if ground else "Complex"}</pixelValue>
<rangePixelSpacing>{spacing}</rangePixelSpacing><azimuthPixelSpacing>1.4e+01</azimuthPixelSpacing>
<numberOfSamples>25000</numberOfSamples><numberOfLines>16000</numberOfLines>
<incidenceAngleMidSwath>3.85e+01</incidenceAngleMidSwath></imageInformation>
<processingInformation><swathProcParamsList>{looks}</swathProcParamsList></processingInformation>
</imageAnnotation>
<swathTiming><burstList count="{0 if ground else 9}"/></swathTiming>
<geolocationGrid>{points}</geolocationGrid></product>
""".encode()

    @property
    def files(self) -> dict[str, bytes]:
        """The product as a directory."""
        folder = f"{self.name}.SAFE"
        made = {f"{folder}/manifest.safe": self.manifest}
        for name, swath, polarisation in self.images:
            made[f"{folder}/annotation/{name}.xml"] = self.annotation(swath, polarisation)
            made[f"{folder}/measurement/{name}.tiff"] = b"II*\0"
            made[f"{folder}/annotation/calibration/calibration-{name}.xml"] = (
                f"<calibration><adsHeader><missionId>{self.satellite}</missionId></adsHeader>"
                "</calibration>"
            ).encode()
        made[f"{folder}/preview/quick-look.png"] = b"\x89PNG"
        return made


GRD = Sample()
SLC = replace(
    GRD, type="SLC", resolution="_", swaths=("IW1", "IW2", "IW3"), start="20250401T051529"
)
EW = replace(
    GRD, satellite="S1A", mode="EW", swaths=("EW",), resolution="M", letters="DH",
    polarisations=("HH", "HV"), rings=("66,179 66.5,-176 64.5,-175.5 64,179.5",),
)  # fmt: skip
STRIPMAP = replace(
    SLC, satellite="S1D", mode="SM", swaths=("S3",), letters="SV", polarisations=("VV",)
)
WAVE = replace(
    SLC, satellite="S1B", mode="WV", type="OCN", level="2", swaths=("WV",), letters="SV",
    polarisations=("VV",), rings=("0,10 0,10.2 0.2,10.2 0.2,10", "1,11 1,11.2 1.2,11.2 1.2,11"),
)  # fmt: skip


def _iso(compact: str) -> str:
    return f"{compact[:4]}-{compact[4:6]}-{compact[6:11]}:{compact[11:13]}:{compact[13:]}"


def tree_of(files: dict[str, bytes], origin: str = "given") -> Tree:
    return Tree(
        origin,
        tuple(
            Entry(name, f"{origin}/{name}", len(data), data[:4096], lambda d=data: d)
            for name, data in files.items()
        ),
    )


def found_in(files: dict[str, bytes], origin: str = "given") -> list[Found | Refused]:
    return list(Sentinel1Loader().find(tree_of(files, origin)))


def read_only(files: dict[str, bytes], origin: str = "given") -> Reading:
    [found] = found_in(files, origin)
    assert isinstance(found, Found), found.error
    return Sentinel1Loader().read(found.document)


def product_in(reading: Reading) -> Product:
    [product] = (record for record in reading.records if isinstance(record, Product))
    return product
