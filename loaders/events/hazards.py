"""Kinds of hazard: from the codes and words of others to the concepts of ``ontology/hazards.ttl``.

Codes of four systems are told apart by their form: GLIDE (two capitals), EM-DAT
classification keys (four words of three letters), and UNDRR-ISC hazard profiles of
2025 and 2020 (two capitals and four digits; those of 2020 begin with ``00``).

Sources: UNDRR-ISC Hazard Information Profiles 2020 and 2025, the EM-DAT
classification tree of 2023 and the GLIDE event codes, as the IFRC's Monty
extension tables them side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple


class Kind(NamedTuple):
    """A concept: what is broader, the codes of exactly it, and codes of something narrower."""

    broader: str
    exact: str
    narrower: str = ""


KINDS: Final[dict[str, Kind]] = {
    "floodHazard": Kind(
        "",
        "FL nat-hyd-flo-flo MH0600",
        "MH0605 MH0606 MH0609 MH0610 MH0008 MH0010 MH0011 MH0012",
    ),
    "riverineFloodHazard": Kind(
        "floodHazard",
        "nat-hyd-flo-riv MH0604 MH0007",
    ),
    "flashFloodHazard": Kind(
        "floodHazard",
        "FF nat-hyd-flo-fla MH0603 MH0006",
    ),
    "coastalFloodHazard": Kind(
        "floodHazard",
        "nat-hyd-flo-coa MH0601 MH0004",
        "MH0602 MH0005",
    ),
    "iceJamFloodHazard": Kind(
        "floodHazard",
        "nat-hyd-flo-ice MH0608 MH0009",
    ),
    "glacialLakeOutburstFloodHazard": Kind(
        "floodHazard",
        "nat-cli-glo-glo MH0607 MH0013",
    ),
    "stormHazard": Kind(
        "",
        "nat-met-sto-sto",
    ),
    "tropicalCycloneHazard": Kind(
        "stormHazard",
        "TC nat-met-sto-tro MH0309 MH0057",
        "MH0306 MH0308 MH0030 MH0032 MH0056 MH0058",
    ),
    "extratropicalCycloneHazard": Kind(
        "stormHazard",
        "EC nat-met-sto-ext MH0307 MH0031",
    ),
    "severeLocalStormHazard": Kind(
        "stormHazard",
        "ST nat-met-sto-sev",
        "nat-met-sto-lig nat-met-sto-hai MH0101 MH0102 MH0103 MH0404 MH0001 MH0002 MH0003 MH0036",
    ),
    "tornadoHazard": Kind(
        "stormHazard",
        "TO nat-met-sto-tor MH0305 MH0059",
    ),
    "violentWindHazard": Kind(
        "stormHazard",
        "VW MH0301 MH0060",
        "nat-met-sto-der MH0302 MH0303 MH0304 MH0053 MH0054 MH0055",
    ),
    "dustStormHazard": Kind(
        "stormHazard",
        "nat-met-sto-san MH0201 MH0015",
        "MH0204 MH0019",
    ),
    "winterStormHazard": Kind(
        "stormHazard",
        "nat-met-sto-bli",
        "MH0403 MH0406 MH0034 MH0039",
    ),
    "stormSurgeHazard": Kind(
        "stormHazard",
        "SS nat-met-sto-sur MH0703 MH0027",
        "MH0704 MH0028",
    ),
    "droughtHazard": Kind(
        "",
        "DR nat-cli-dro-dro MH0401 MH0035",
    ),
    "wildfireHazard": Kind(
        "",
        "WF nat-cli-wil-wil EN0205 EN0013",
        "nat-cli-wil-for nat-cli-wil-lan",
    ),
    "earthquakeHazard": Kind(
        "",
        "EQ nat-geo-ear-gro GH0101 GH0001",
        "GH0307 GH0311 GH0003 GH0004",
    ),
    "tsunamiHazard": Kind(
        "",
        "TS nat-geo-ear-tsu MH0705 MH0029",
        "GH0006 GH0017 GH0035",
    ),
    "volcanicActivityHazard": Kind(
        "",
        "VO nat-geo-vol-vol",
        "nat-geo-vol-ash nat-geo-vol-lah nat-geo-vol-lav nat-geo-vol-pyr "
        "GH0201 GH0202 GH0203 GH0204 GH0205 GH0009 GH0010 GH0012 GH0013 "
        "GH0016",
    ),
    "massMovementHazard": Kind(
        "",
        "GH0300",
        "nat-geo-mmd-roc nat-geo-mmd-sub nat-hyd-mmw-roc nat-hyd-mmw-sub "
        "GH0301 GH0302 GH0305 GH0306",
    ),
    "landslideHazard": Kind(
        "massMovementHazard",
        "LS",
        "nat-geo-mmd-lan nat-hyd-mmw-lan GH0304",
    ),
    "mudslideHazard": Kind(
        "massMovementHazard",
        "MS nat-hyd-mmw-mud GH0303 MH0051",
    ),
    "avalancheHazard": Kind(
        "massMovementHazard",
        "AV MH0801 MH0050",
        "nat-geo-mmd-ava nat-hyd-mmw-ava",
    ),
    "heatwaveHazard": Kind(
        "",
        "HT nat-met-ext-hea MH0501 MH0047",
    ),
    "coldWaveHazard": Kind(
        "",
        "CW nat-met-ext-col MH0502 MH0040",
        "nat-met-ext-sev MH0503 MH0504 MH0505 MH0506 MH0507 MH0508 MH0509 "
        "MH0510 MH0041 MH0042 MH0043 MH0044 MH0045 MH0046 MH0048 MH0049",
    ),
    "epidemicHazard": Kind(
        "",
        "EP",
        "nat-bio-epi-bac nat-bio-epi-dis nat-bio-epi-fun nat-bio-epi-par "
        "nat-bio-epi-pri nat-bio-epi-vir BI0101 BI0105 BI0230",
    ),
    "infestationHazard": Kind(
        "",
        "IN nat-bio-inf-inf BI0401",
        "nat-bio-inf-gra nat-bio-inf-loc nat-bio-inf-wor BI0402",
    ),
    "technologicalAccidentHazard": Kind(
        "",
        "AC",
        "tec-mis-col-col tec-mis-exp-exp tec-mis-mis-mis TL0201 TL0202 TL0203 TL0204 TL0205",
    ),
    "industrialAccidentHazard": Kind(
        "technologicalAccidentHazard",
        "tec-ind-ind-ind",
        "tec-ind-che-che tec-ind-col-col tec-ind-exp-exp tec-ind-fir-fir "
        "tec-ind-gas-gas tec-ind-oil-oil tec-ind-poi-poi tec-ind-rad-rad "
        "TL0208 TL0301 TL0302 TL0303 TL0304 TL0306 TL0307 TL0308",
    ),
    "transportAccidentHazard": Kind(
        "technologicalAccidentHazard",
        "",
        "tec-tra-air-air tec-tra-rai-rai tec-tra-roa-roa tec-tra-wat-wat "
        "TL0401 TL0402 TL0403 TL0404 TL0405",
    ),
    "fireHazard": Kind(
        "",
        "FR TL0305",
        "tec-mis-fir-fir",
    ),
    "complexEmergencyHazard": Kind(
        "",
        "CE",
        "SO0101 SO0102 SO0103 SO0201 SO0202",
    ),
    "otherHazard": Kind(
        "",
        "OT",
        "nat-bio-ani-ani nat-ext-imp-air nat-ext-imp-col nat-ext-spa-ene "
        "nat-ext-spa-geo nat-ext-spa-rad nat-ext-spa-sho nat-geo-env-coa "
        "nat-geo-env-sed nat-geo-env-slr nat-hyd-wav-rog nat-hyd-wav-sei "
        "nat-met-fog-fog MH0202 MH0701 MH0702 MH0016 MH0022 MH0026",
    ),
}
"""Local name of a concept → what is known of it."""

CODE_FORM: Final = re.compile(r"[A-Z]{2}(?:\d{4})?|[a-z]{3}(?:-[a-z]{3}){3}")

CONCEPT_OF: Final[dict[str, str]] = {
    code: name for name, kind in KINDS.items() for code in f"{kind.exact} {kind.narrower}".split()
}
"""Code → local name of the concept."""

WORDS: Final[dict[str, str]] = {
    word: name
    for name, words in {
        "floodHazard": "flood floods flooding inundation",
        "riverineFloodHazard": "riverine_flood river_flood fluvial_flood",
        "flashFloodHazard": "flash_flood",
        "coastalFloodHazard": "coastal_flood",
        "stormHazard": "storm severe_storm wind windstorm severestorms",
        "tropicalCycloneHazard": "tropical_cyclone cyclone hurricane typhoon tropical_storm",
        "severeLocalStormHazard": "severe_weather thunderstorm hail",
        "tornadoHazard": "tornado",
        "winterStormHazard": "snow_hazard snow blizzard snowfall ice_storm",
        "stormSurgeHazard": "storm_surge",
        "droughtHazard": "drought",
        "wildfireHazard": "wildfire wildfires wild_fire forest_fire bushfire",
        "fireHazard": "fire",
        "earthquakeHazard": "earthquake earthquakes",
        "tsunamiHazard": "tsunami ocean_wave",
        "volcanicActivityHazard": "volcano volcanoes volcanic_activity eruption volcanic_eruption",
        "massMovementHazard": "mass_movement",
        "landslideHazard": "landslide landslides",
        "mudslideHazard": "mudslide mud_slide mudflow",
        "avalancheHazard": "avalanche",
        "heatwaveHazard": "heatwave heat_wave extreme_heat",
        "coldWaveHazard": "cold_wave extreme_cold",
        "epidemicHazard": "epidemic epidemics pandemic",
        "infestationHazard": "infestation insect_infestation locust",
        "technologicalAccidentHazard": "technological technological_disaster",
        "industrialAccidentHazard": "industrial_accident industrial oil_spill chemical explosion",
        "transportAccidentHazard": "transport_accident transportation_accident",
        "complexEmergencyHazard": "complex_emergency humanitarian",
        "otherHazard": "other",
    }.items()
    for word in words.split()
}
"""Words that sources use, in small letters with ``_`` between them → local name of the concept."""


def lineage(concept: str) -> Iterator[str]:
    """Yield the concept and all that are broader, the nearest first."""
    while concept:
        yield concept
        concept = KINDS[concept].broader


def concept_of_word(word: str) -> str | None:
    """Return the concept that a source's word for a hazard means, None if it is not known.

    >>> concept_of_word("Flash flood"), concept_of_word("a bad day")
    ('flashFloodHazard', None)
    """
    return WORDS.get(re.sub(r"[\s\-/]+", "_", word.strip().lower()))


def concept_of_codes(codes: Iterable[str]) -> tuple[str | None, tuple[str, ...]]:
    """Return the one concept that several codes of one event mean, and the codes not known.

    Where some codes are only broader than others, the narrow ones count.  Where they
    name several kinds (coastal and riverine flood), it is what is broader than all of
    them; the first where nothing is.

    >>> concept_of_codes(["FL", "nat-hyd-flo-flo", "MH0603"])
    ('flashFloodHazard', ())
    """
    concepts: list[str] = []
    unknown: list[str] = []
    for code in codes:
        concept = CONCEPT_OF.get(code)
        if concept is None:
            unknown.append(code)
        elif concept not in concepts:
            concepts.append(concept)
    if len(concepts) > 1 and "otherHazard" in concepts:
        concepts.remove("otherHazard")  # GLIDE gives it to what it has no code for
    above = {broad for concept in concepts for broad in list(lineage(concept))[1:]}
    narrow = [concept for concept in concepts if concept not in above]
    if not narrow:
        return None, tuple(unknown)
    shared = [
        broad
        for broad in lineage(narrow[0])
        if all(broad in lineage(concept) for concept in narrow[1:])
    ]
    return (shared or narrow)[0], tuple(unknown)
