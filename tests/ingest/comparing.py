"""What of a catalogue must be the same however often, and in which pieces, it was loaded."""

from __future__ import annotations

import io

from dafab_kg.catalogue import Catalogue

# When a document was loaded, and by which run, is all that may differ.
PASSING = ("prov#generatedAtTime>", "prov#wasGeneratedBy> <https://w3id.org/dafab/id/load/")


def lasting(catalogue: Catalogue) -> set[str]:
    """All statements but those about the time and run of loading."""
    out = io.BytesIO()
    catalogue._store.dump(out)
    return {
        line
        for line in out.getvalue().decode().splitlines()
        if not any(mark in line for mark in PASSING)
        and "<https://w3id.org/dafab/id/load/" not in line.split(" ", 1)[0]
    }
