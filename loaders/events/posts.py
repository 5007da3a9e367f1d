"""Social-media reports, with nothing personal left in them.

The form is our own (``README.md`` beside this file).  What is kept is a positive list of
members; everything else is dropped, the author's handle, the post's id and its address
among it.  They are not hashed: a hash of a handle is undone by hashing all handles, and
a key that made it safe would have to be kept as well.  Handles, e-mail addresses,
telephone numbers and web addresses in the text are masked, and a point is rounded to
0.01 degrees (about 1 km), since it may be a home.  The original is cleaned before it
becomes a document, so the catalogue never holds it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from dafab_kg.loaders.events import areas, spans
from dafab_kg.loaders.events.charter import concept_of_words
from dafab_kg.loaders.events.forms import (
    Context,
    Element,
    Form,
    Identity,
    countries,
    number,
    slug,
    text,
    texts,
    unknown_codes,
)
from dafab_kg.loaders.events.hazards import CODE_FORM, concept_of_codes
from dafab_kg.model.documents import Reading
from dafab_kg.model.errors import DocumentRejected, FieldMissing, FieldNotValid, NotWellFormed
from dafab_kg.model.records import EventReport
from dafab_kg.model.strict_json import write_json

TYPE: Final = "SocialMediaReports"
_ONE: Final = "SocialMediaReport"
MARK: Final = f'"{_ONE}'.encode()
_REMARK: Final = re.compile(r"[a-z_]{1,20} was (?:masked|dropped)|\d+ other members were dropped")
_VERSION: Final = "1"
_WORDS: Final = frozenset({"text", "place", "source", "language", "hazard", "time", "end"})
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_COORDINATES: Final = frozenset({"longitude", "latitude"})
_OTHER: Final = frozenset({"area", "confidence", "countries", "hazard_codes"})
_KEPT: Final = _WORDS | _COORDINATES | _OTHER
_FIGURES: Final = frozenset({"confidence", *_COORDINATES})
_CENT: Final = Decimal("0.01")
_NOT_A_DATE: Final = r"(?<![\w.])(?!\d{4}-\d\d-\d\d(?!\d)|\d\d?[./\-]\d\d?[./\-]\d{4}(?!\d))"
_MASKS: Final = (
    (re.compile(r"(?<!\w)@[\w.\-]+@[\w\-]+(?:\.[\w\-]+)+"), "[person]"),
    (re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+"), "[e-mail]"),
    (re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE), "[link]"),
    (
        re.compile(
            r"\b[\w\-]+(?:\.[\w\-]+)*\.(?:com|org|net|io|me|co|ly|social)/\S+", re.IGNORECASE
        ),
        "[link]",
    ),
    (re.compile(r"(?<![\w@])[@\uff20][\w.\-]*\w(?:@[\w.\-]+)?"), "[person]"),
    (re.compile(r"\b(?:/?u/|/?user/)[\w\-]+", re.IGNORECASE), "[person]"),
    (re.compile(_NOT_A_DATE + r"(?:\+|00)?\d(?:[\s()./\-]{0,2}\d){7,14}(?![\w.]\d)"), "[number]"),
)


def elements_of(value: Any) -> Iterator[Element]:
    """Yield the reports of a file in the form of our own, cleaned.

    Each is a whole document of its own: nothing else of the file is kept.
    """
    if not isinstance(value, dict):
        return
    if value.get("type") == _ONE:
        yield Element("post", "", _again(value))
        return
    if value.get("type") != TYPE:
        return
    reports = value.get("reports")
    version = text(value.get("version")) or ""
    for report in reports if isinstance(reports, list) else ():
        yield Element("post", "", cleaned(report, version))


def unreadable(error: DocumentRejected) -> Element:
    """Return what stands for a file of reports that cannot be read.

    Not even the quarantine may hold the file: nothing of it could be cleaned.
    """
    fault = f"{type(error).__name__}: the file cannot be read as JSON, and nothing of it was kept"
    where = re.search(r"line \d+, column \d+", error.where)
    value = {"type": TYPE, "fault": fault + (f" ({where[0]})" if where else "")}
    return Element("post", "", value)


def masked(words: str) -> str:
    """Return a text without what names or reaches a person.

    >>> masked("Flood at the bridge, @anna.b! Call +352 621 123 456 or a@b.lu")
    'Flood at the bridge, [person]! Call [number] or [e-mail]'
    """
    for pattern, mask in _MASKS:
        words = pattern.sub(mask, words)
    return words


def cleaned(report: Any, version: str = _VERSION) -> dict[str, Any]:
    """Return what may be kept of a report; its member ``cleaned`` says what was done.

    A time and a language are kept as they are if they look like one, else not at all.
    """
    kept: dict[str, Any] = {"type": _ONE, "version": version or _VERSION}
    done: list[str] = []
    members = report if isinstance(report, dict) else {}
    for name in sorted(members.keys() & _KEPT):
        found = _cleaned_member(name, members[name])
        if found != members[name]:
            done.append(f"{name} was {'masked' if found is not None else 'dropped'}")
        if found is not None:
            kept[name] = found
    dropped = len(members.keys() - _KEPT)  # a name may be personal too
    if dropped:
        done.append(f"{dropped} other members were dropped")
    kept["cleaned"] = done
    return kept


def _again(value: dict[str, Any]) -> dict[str, Any]:
    """Return a report that was cleaned before, as it comes back from a catalogue, cleaned again."""
    own = ("type", "version", "cleaned")
    report = {key: inner for key, inner in value.items() if key not in own}
    kept = cleaned(report, text(value.get("version")) or "")
    remarks = (one for one in texts(value.get("cleaned")) if _REMARK.fullmatch(one))
    kept["cleaned"] = [*remarks, *kept["cleaned"]]
    return kept


def _cleaned_member(name: str, value: Any) -> Any:
    if name in ("time", "end"):
        return (
            value if isinstance(value, str) and re.fullmatch(r"[\dTZ:+\-. ]{4,40}", value) else None
        )
    if name == "language":
        return value if isinstance(value, str) and _LANGUAGE.fullmatch(value) else None
    if name == "source":
        return slug(masked(value), "") or None if isinstance(value, str) else None
    if name in _WORDS:
        return masked(value) if isinstance(value, str) else None
    if name in _FIGURES:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        return _rounded(value) if name in _COORDINATES else value
    if name == "area":
        return _cleaned_area(value)
    found = [one for one in texts(value) if re.fullmatch(r"[A-Za-z0-9\-]{2,20}", one)]
    return found or None


def _cleaned_area(value: Any) -> Any:
    if not isinstance(value, dict):
        return None
    kind, coordinates = value.get("type"), value.get("coordinates")
    if not isinstance(kind, str) or not re.fullmatch(r"[A-Za-z]{5,20}", kind):
        return None
    return {"type": kind, "coordinates": _numbers(coordinates, kind == "Point")}


def _numbers(value: Any, rounded: bool) -> Any:
    if isinstance(value, list):
        return [_numbers(one, rounded) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return _rounded(value) if rounded else value


def _rounded(value: int | Decimal) -> int | Decimal:
    if isinstance(value, int) or not value.is_finite() or abs(value) > 1000:
        return value
    return value.quantize(_CENT, ROUND_HALF_EVEN) if value != value.quantize(_CENT) else value


def document_of(value: dict[str, Any]) -> bytes:
    """Return a cleaned report as the document that the catalogue keeps."""
    return write_json(value).encode()


def _identify(value: Any, where: str) -> Identity:
    """Name a report by its content: its own id would lead back to its author."""
    told = {key: value[key] for key in value if key in _KEPT}
    digest = hashlib.sha256(write_json(dict(sorted(told.items()))).encode()).hexdigest()
    return Identity("social", digest[:32])


def _read(value: Any, identity: Identity, context: Context) -> Reading:
    if not isinstance(value, dict):
        raise NotWellFormed("a report is an object", where=context.where)
    if "fault" in value:
        raise NotWellFormed(
            value["fault"], where=context.where, remedy="Correct the file and load it again"
        )
    if value.get("version", _VERSION).split(".")[0] != _VERSION:
        context.notes.add(
            f"/version: {value['version'][:20]} is newer than {_VERSION}; what is known was read"
        )
    for remark in value.get("cleaned", ()):
        context.notes.add(f"personal data: {remark}")
    words = text(value.get("text"))
    if words is None:
        raise FieldMissing(
            "the report has no text", where=context.at("/text"), remedy="Give it one"
        )
    told = text(value.get("time"))
    if told is None:
        raise FieldMissing(
            "the report has no time", where=context.at("/time"), remedy="Give it one, as ISO 8601"
        )
    start = spans.moment(told, where=context.at("/time"))
    until = text(value.get("end"))
    end = spans.moment_or_last(until, where=context.at("/end")) if until else start
    span = spans.ordered(spans.Span(start, end), where=context.at("/end"))
    confidence = number(value.get("confidence"), "/confidence", context)
    if confidence is not None and not 0 <= confidence <= 100:
        raise FieldNotValid(
            f"confidence {confidence} is out of range",
            where=context.at("/confidence"),
            remedy="Give percent, 0 to 100",
        )
    hazard, codes = hazard_of(value, context)
    area = _area(value, context)
    report = EventReport(
        *identity,
        report_type="post",
        description=words,
        hazard=hazard,
        hazard_codes=codes,
        start=span.start,
        end=span.end,
        countries=countries(value.get("countries"), "/countries", context),
        place_name=text(value.get("place")),
        keywords=texts(value.get("source")),
        language=text(value.get("language")),
        confidence=confidence,
        **(area.fields if area else {}),
    )
    return Reading((report,), warnings=(*context.notes, *(area.warnings if area else ())))


def hazard_of(value: dict[str, Any], context: Context) -> tuple[str | None, tuple[str, ...]]:
    """Return concept and codes from ``hazard`` (a word or a code) and ``hazard_codes``."""
    told = (*texts(value.get("hazard")), *texts(value.get("hazard_codes")))
    codes = tuple(one for one in told if CODE_FORM.fullmatch(one))
    concept, unknown = concept_of_codes(codes)
    unknown_codes(unknown, "/hazard_codes", context)
    words = tuple(one for one in told if one not in codes)
    return concept or concept_of_words(words, "/hazard", context), told


def _area(value: dict[str, Any], context: Context) -> areas.Area | None:
    if value.get("area") is not None:
        return areas.of_geojson(value["area"], where=context.at("/area"))
    longitude, latitude = (
        number(value.get(k), f"/{k}", context) for k in ("longitude", "latitude")
    )
    if longitude is None or latitude is None:
        return None
    return areas.of_point(longitude, latitude, where=context.at("/longitude, /latitude"))


REPORT: Final = Form("post", _identify, _read)
