"""Run stac-validator, in its own environment, on objects that are given as JSON on stdin.

Stdin holds ``{"schemas": {address: file}, "objects": [[name, object], ...]}``.  Schemas that
are not among these are not looked up: an extension without one accepts everything, and is told.
One that is named by a word is a fault: since STAC 1.0 an extension is named by an address.
Stdout is ``{"faults": {name: fault}, "judged": [address, ...], "unjudged": [address, ...]}``.
"""

import json
import sys
import tempfile
from pathlib import Path

from stac_validator.stac_validator import StacValidate


def extensions(value):
    listed = value.get("stac_extensions")
    return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []


def main():
    given = json.load(sys.stdin)
    schemas = dict(given["schemas"])
    with tempfile.TemporaryDirectory() as folder:
        anything = Path(folder) / "anything.json"
        anything.write_text("{}")
        told = {one for _, value in given["objects"] for one in extensions(value)}
        words = {one for one in told if "/" not in one}
        unjudged = sorted(told - words - schemas.keys())
        schemas |= {one: str(anything) for one in unjudged}
        for version in ("1.0.0", "1.1.0"):  # where the validator looks words up
            for one in words:
                place = f"https://cdn.staclint.com/v{version}/extension/{one}.json"
                schemas[place] = str(anything)
        faults = {}
        for name, value in given["objects"]:
            judge = StacValidate(schema_map=schemas)
            found = [
                f"extension {one!r} has no address" for one in extensions(value) if one in words
            ]
            if not judge.validate_dict(value):
                found += [
                    f"{one['error_type']}: {one['error_message']}"
                    for one in judge.message
                    if not one["valid_stac"]
                ]
            if found:
                faults[name] = "; ".join(found)
    judged = sorted(told - words - set(unjudged))
    json.dump({"faults": faults, "judged": judged, "unjudged": unjudged}, sys.stdout)


main()
