"""Names that were cut for Rucio lead back to the ids that the catalogue has."""

from __future__ import annotations

import json

import dafab_kg
from dafab_kg.access.tokens import Tokens
from dafab_kg.model.did_names import encode_did_name
from dafab_kg.model.settings import Settings
from dafab_kg.web import create_app

LONG, ODD, SHORT = "a" * 240 + "-1234567890123", "ä" * 60, "ä" * 3


def test_items_are_found_by_names_that_were_cut(tmp_path):
    for number, name in enumerate((LONG, ODD, SHORT)):
        item = {
            "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": "c", "links": [],
            "geometry": {"type": "Point", "coordinates": [6.1, 49.6]},
            "bbox": [6.1, 49.6, 6.1, 49.6], "assets": {},
            "properties": {"datetime": "2022-01-27T10:43:21Z", "gsd": number + 1},
        }  # fmt: skip
        (tmp_path / f"{number}.json").write_text(json.dumps(item))
    settings = Settings(store=tmp_path / "store")
    with dafab_kg.open(settings.store, settings=settings) as catalogue:
        for number in range(3):
            assert catalogue.load(tmp_path / f"{number}.json").ok
        _, token = Tokens(settings.store, "").create("plugin", ["read"])
        client = create_app(catalogue, settings).test_client()

        def ask(way, **body):
            headers = {"Authorization": f"Bearer {token}"}
            answer = client.post(f"/rucio-plugin/{way}", json=body, headers=headers)
            assert answer.status_code == 200, answer.text
            return answer.json

        names = [encode_did_name(one) for one in (LONG, ODD, SHORT)]
        assert len(names[0]) == len(names[1]) == 250
        dids = [{"scope": "dafab", "name": name} for name in [*names, names[0][:-1] + "g"]]
        found = ask("get", dids=dids)["metadata"]
        assert [one.get("gsd") for one in found] == [1, 2, 3, None]
        for number, name in enumerate(names):
            asked = {"scope": "dafab", "filters": [{"gsd": number + 1, "name": name}]}
            assert ask("list", **asked)["names"] == [name]
            assert ask("list", scope="dafab", filters="gsd>0", names=[name])["names"] == [name]
