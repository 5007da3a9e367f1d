"""Every error that dafab-kg raises on purpose.

::

    DafabError
    ├── DocumentRejected            a source document cannot be accepted
    │   ├── NotRecognised           no loader knows what this is
    │   ├── NotWellFormed           XML, JSON or RDF that cannot be parsed
    │   ├── NotSafe                 entities, escapes from an archive, bombs
    │   ├── TooLarge                beyond a stated bound
    │   ├── FieldMissing            an identifying field is absent
    │   ├── FieldNotValid           a field holds what it cannot hold
    │   ├── NotUnique               two documents of one load claim to be the same
    │   ├── GeometryNotValid        a footprint that describes no place
    │   └── ShapeViolated           the RDF breaks a shape of the ingest tier
    ├── CommentsLost                formatting would lose comments of a file
    ├── MappingNotValid             a mapping file says something unsupported
    ├── ShapesNotValid              SHACL that is ill-formed
    ├── NameNotValid                an IRI cannot be made from this
    ├── QueryNotValid               a query cannot be answered as it stands
    │   ├── UpdateNotValid          an update cannot be done as it stands
    │   ├── AnswerTooLong           the answer has more rows or bytes than the endpoint gives
    │   └── ParameterNotValid       a value does not fit a saved query's parameter
    ├── ArgumentNotValid            a function of a query cannot take this argument
    ├── NotAnalysed                 our parser leaves a SPARQL text to the engine
    ├── AxiomNotTranslated          an axiom of an ontology cannot be made a rule
    ├── GraphNotWritable            a graph cannot be written as a request asks
    ├── ItemNotWritable             an item or a collection cannot be written as a request asks
    ├── ThingExists                 what a request was to make is there already
    ├── ThingChanged                a thing is not what the writer took it to be
    │   └── GraphChanged            a graph is not
    ├── NotDoneHere                 this catalogue has nothing by which it could be done
    ├── PathNotValid                a path is no JSON Pointer, or leads nowhere in a document
    ├── PathExists                  where something was to be inserted there is something
    ├── PathNotFound                where something was to be changed there is nothing
    ├── ThingNotFound               nothing has this IRI, product id or DID
    ├── StoreNotUsable              the store cannot be opened
    │   ├── StoreNotFound           there is no store in this directory
    │   └── StoreInUse              another process writes to it
    ├── IndexNotUsable              the search index is damaged, or of another state
    ├── FileNotUsable               a file to read or write cannot be
    ├── ServiceNotUsable            a service on the network does not answer as it must
    │   └── ServiceRefused          it answers, and refuses: asking again does not help
    ├── NotServed                   the server cannot answer this now
    │   ├── DeadlinePassed          the answer took longer than the limit
    │   ├── MemoryExceeded          the answer needed more memory than the limit
    │   ├── QueueFull               too many requests wait
    │   ├── QueryFailed             a fault in the server
    │   ├── ClientGone              nobody waits for the answer any more
    │   ├── WorkerLost              the process that made the answer ended
    │   └── WriterLost              the process that writes ended; the outcome is not known
    └── ExtraMissing                an optional package is not installed

Each error says what is wrong, where, and what to do about it.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AnswerTooLong",
    "ArgumentNotValid",
    "AxiomNotTranslated",
    "ClientGone",
    "CommentsLost",
    "DafabError",
    "DeadlinePassed",
    "DocumentRejected",
    "ExtraMissing",
    "FieldMissing",
    "FieldNotValid",
    "FileNotUsable",
    "GeometryNotValid",
    "GraphChanged",
    "GraphNotWritable",
    "IndexNotUsable",
    "ItemNotWritable",
    "MappingNotValid",
    "MemoryExceeded",
    "NameNotValid",
    "NotAnalysed",
    "NotDoneHere",
    "NotRecognised",
    "NotSafe",
    "NotServed",
    "NotUnique",
    "NotWellFormed",
    "ParameterNotValid",
    "PathExists",
    "PathNotFound",
    "PathNotValid",
    "QueryFailed",
    "QueryNotValid",
    "QueueFull",
    "ServiceNotUsable",
    "ServiceRefused",
    "ShapeViolated",
    "ShapesNotValid",
    "StoreInUse",
    "StoreNotFound",
    "StoreNotUsable",
    "ThingChanged",
    "ThingExists",
    "ThingNotFound",
    "TooLarge",
    "UpdateNotValid",
    "WorkerLost",
    "WriterLost",
]


class DafabError(Exception):
    """Root of all errors that dafab-kg raises on purpose."""


class DocumentRejected(DafabError):
    """A source document cannot be accepted.

    ``what`` is wrong, ``where`` (file, XPath, JSON Pointer or line), and the
    ``remedy`` a person can apply.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what, where, remedy)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are unpickled from their positional arguments alone; workers send these.
        return _remade, (type(self), self.__dict__.copy())

    def __str__(self) -> str:
        what = self.what.rstrip(".") if self.remedy else self.what
        text = f"{self.where}: {what}" if self.where else what
        return f"{text}. {self.remedy}" if self.remedy else text

    def at(self, where: str) -> DocumentRejected:
        """Return the same error placed inside ``where`` (the document's origin)."""
        place = f"{where}: {self.where}" if self.where else where
        return type(self)(self.what, where=place, remedy=self.remedy)


def _remade(kind: type[DocumentRejected], state: dict[str, str]) -> DocumentRejected:
    """Make an error again that was pickled."""
    return kind(**state)


class NotRecognised(DocumentRejected):
    """No loader knows what this document is."""


class NotWellFormed(DocumentRejected):
    """The document is not well-formed XML, JSON or RDF."""


class NotSafe(DocumentRejected):
    """The document tries something that no honest document needs."""


class TooLarge(DocumentRejected):
    """The document, or a part of it, is beyond a stated bound."""


class FieldMissing(DocumentRejected):
    """A field without which the thing cannot be identified is absent."""


class FieldNotValid(DocumentRejected):
    """A field holds a value that it cannot hold."""


class NotUnique(DocumentRejected):
    """Two documents of one load claim to be the same, with different content."""


class GeometryNotValid(DocumentRejected):
    """A footprint is missing, empty, out of range or crosses itself."""


class ShapeViolated(DocumentRejected):
    """The document's RDF breaks a shape of the ingest tier; ``report`` is the SHACL report.

    ``violations`` are its results: IRI of the property ("" for the thing itself), and message.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        remedy: str = "",
        report: str = "",
        violations: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.report = report
        self.violations = violations

    def at(self, where: str) -> ShapeViolated:
        """Return the same error, with its report, placed inside ``where``."""
        place = f"{where}: {self.where}" if self.where else where
        return ShapeViolated(
            self.what,
            where=place,
            remedy=self.remedy,
            report=self.report,
            violations=self.violations,
        )


class CommentsLost(DafabError):
    """A file has comments that its canonical form has no place for."""


class MappingNotValid(DafabError):
    """A mapping file holds something that is not supported; file and key are named."""


class ShapesNotValid(DafabError):
    """A SHACL shape breaks the rules for shapes; the shape and the rule are named."""


class NameNotValid(DafabError):
    """An IRI cannot be made from the given value."""


class IndexNotUsable(DafabError):
    """The search index is damaged, or does not reflect the graph."""


class QueryNotValid(DafabError):
    """A query cannot be parsed, or asks for what this catalogue refuses."""


class UpdateNotValid(QueryNotValid):
    """An update cannot be parsed, or asks for what this catalogue refuses."""


class AnswerTooLong(QueryNotValid):
    """An answer has more rows or bytes than the endpoint gives; ``limit`` names the bound."""

    def __init__(self, what: str, limit: dict[str, float] | None = None) -> None:
        super().__init__(what, limit)
        self.limit = limit or {}

    def __str__(self) -> str:
        return str(self.args[0])


class ParameterNotValid(QueryNotValid):
    """A value does not fit a parameter of a saved query; ``name`` is that parameter's."""

    def __init__(self, what: str, name: str = "") -> None:
        super().__init__(what, name)
        self.name = name

    def __str__(self) -> str:
        return str(self.args[0])


class ArgumentNotValid(DafabError):
    """A function of a query cannot take an argument: its expression is an error."""


class NotAnalysed(DafabError):
    """Our SPARQL parser does not understand a text, which the engine may well do.

    ``position`` is the character at which it stopped, from 0.  Users never see it: the
    text goes to the engine as it is.
    """

    def __init__(self, what: str, position: int = 0) -> None:
        self.what = what
        self.position = position
        super().__init__(what, position)

    def __str__(self) -> str:
        return f"{self.what} (character {self.position})"


class AxiomNotTranslated(DafabError):
    """Axioms of an ontology cannot be made rules; each is named, with the reason."""


class GraphNotWritable(DafabError):
    """A graph is not the writer's to change, or not as asked; the message says what to do."""


class ItemNotWritable(DafabError):
    """An item or a collection cannot be written as asked; the message says what to do."""


class ThingExists(DafabError):
    """What was to be made is there already."""


class ThingChanged(DafabError):
    """A thing is not what the writer took it to be (If-Match, If-None-Match)."""


class GraphChanged(ThingChanged):
    """A graph is not what the writer took it to be (If-Match, If-None-Match)."""


class NotDoneHere(DafabError):
    """A request is about what this catalogue does not have: storage, catalogues by hand."""


class PathNotValid(DafabError):
    """A path is no JSON Pointer (RFC 6901), or cannot be applied to a document."""


class PathExists(DafabError):
    """Where something was to be inserted into a document there is something already."""


class PathNotFound(DafabError):
    """Where something of a document was to be changed there is nothing."""


class ThingNotFound(DafabError):
    """Nothing in the catalogue has this IRI, product id or DID."""


class StoreNotUsable(DafabError):
    """The store cannot be opened or is not what it should be."""


class StoreNotFound(StoreNotUsable):
    """There is no store in the given directory."""


class StoreInUse(StoreNotUsable):
    """Another process has the store open for writing."""


class FileNotUsable(DafabError):
    """A file named by the user cannot be read or written."""


class ServiceNotUsable(DafabError):
    """A service on the network cannot be reached, or does not answer as it must."""


class ServiceRefused(ServiceNotUsable):
    """A service refuses what it is asked for; ``reason`` is its own name for why."""

    def __init__(self, message: str, reason: str = "") -> None:
        self.reason = reason
        super().__init__(message)


class NotServed(DafabError):
    """The server cannot answer this now.

    ``retry_after`` is when it may be tried again, in seconds; ``limit`` names the limits
    that were reached, with their values.
    """

    def __init__(
        self, what: str, retry_after: int = 1, limit: dict[str, float] | None = None
    ) -> None:
        super().__init__(what, retry_after, limit)
        self.retry_after = retry_after
        self.limit = limit or {}

    def __str__(self) -> str:
        return str(self.args[0])


class DeadlinePassed(NotServed):
    """An answer took longer than the limit; what made it was killed."""


class MemoryExceeded(NotServed):
    """An answer needed more memory than the limit; what made it was ended."""


class QueueFull(NotServed):
    """More requests wait than the limit, or one waited too long."""


class QueryFailed(NotServed):
    """A fault in the server; its log holds the cause."""


class ClientGone(NotServed):
    """Whoever asked has closed the connection."""


class WorkerLost(NotServed):
    """The process that made an answer ended before it was whole."""


class WriterLost(NotServed):
    """The process that writes ended before it could tell what became of the write."""


class ExtraMissing(DafabError):
    """An optional package is not installed; the message holds the command that does it."""
