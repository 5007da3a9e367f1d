"""Plans with replicas: which file is which, what is chosen, which site has most."""

from __future__ import annotations

import random

from dafab_kg.dids.names import Scopes
from dafab_kg.federation.rucio.replicas import Copy, FileThere, Resolved
from dafab_kg.python.downloads import Download, DownloadPlan, Source
from dafab_kg.python.located import best_sites, choose, locate, pairs_of, rows_of

SCOPES = Scopes("dafab", {"other": "own"})


def test_files_are_found_by_the_name_they_are_published_by():
    plan = DownloadPlan(
        (
            Download("i 1", "c", "k", "https://a.example/x.tif?y=1", size=3, checksum="md5:aa"),
            Download("i", "other", "k", "s3://b/x", "image/tiff", file_did="z:known"),
            Download("i", "c", "far", "https://a.example/far"),
        )
    )
    pairs = pairs_of(plan, SCOPES)
    assert pairs == (
        ("dafab", "i_x0020_1_k.tif"), ("z", "known"), ("own", "i_k.tif"), ("dafab", "i_far.bin"),
    )  # fmt: skip
    copies = (
        Copy("A", "davs://a.example/1"),
        Copy("B", "root://b.example/1", "UNAVAILABLE"),
        Copy("B", "https://b.example/1", "UNAVAILABLE"),
    )
    there = FileThere(*pairs[0], 4, "0000000a", "bb", copies, 1.0)
    other = FileThere(*pairs[2], None, "", "", (Copy("C", "https://c.example/2"),), 1.0)
    found = locate(plan, Resolved({there.pair: there, other.pair: other}, 1.0), SCOPES)
    first, second, third = found
    assert (first.file_did, first.size) == ("dafab:i_x0020_1_k.tif", 4)
    assert first.checksums == {"md5": "aa", "adler32": "0000000a"}
    assert first.addresses == ("davs://a.example/1", "https://a.example/x.tif?y=1")
    assert second.addresses == ("https://c.example/2",) and second.file_did == "own:i_k.tif"
    assert third.addresses == ("https://a.example/far",) and third.file_did == ""
    assert first.name == plan.files[0].name  # wherever it comes from
    at = choose(found, sites={"B", "C"})
    assert [one.addresses for one in at] == [(), ("https://c.example/2",), ()]
    by = choose(found, protocols=["HTTPS"])
    assert [len(one.addresses) for one in by] == [1, 1, 1]
    states = {(row[7], row[8]): row[9] for row in rows_of(found) if row[1] == "i 1"}
    assert states == {
        ("A", "davs"): "AVAILABLE", ("B", "root"): "UNAVAILABLE", ("B", "https"): "UNAVAILABLE",
        ("", "https"): "",
    }  # fmt: skip


def test_best_sites_are_those_of_brute_force():
    chance = random.Random(1)
    for _ in range(50):
        files, there = [], {}
        for number in range(chance.randrange(12)):
            size = chance.choice([None, 0, 1, 10**12, chance.randrange(1000)])
            sources = [
                Source(f"https://x/{n}", chance.choice("ABC"), chance.choice(["AVAILABLE", "BAD"]))
                for n in range(chance.randrange(5))
            ]
            files.append(Download("i", "c", str(number), "x:y", size=size, sources=tuple(sources)))
            for rse in "ABC":
                there[number, rse] = any(s.rse == rse and s.state != "BAD" for s in sources)
        found = best_sites(DownloadPlan(tuple(files)))
        total = sum(one.size or 0 for one in files)
        right = {}
        for rse in "ABC":
            mine = [one for n, one in enumerate(files) if there[n, rse]]
            if mine:
                here = sum(one.size or 0 for one in mine)
                right[rse] = (here, total - here, len(mine), len(files) - len(mine))
        assert {
            one.rse: (one.here, one.missing, one.files_here, one.files_missing) for one in found
        } == right
        assert [one.here for one in found] == sorted((v[0] for v in right.values()), reverse=True)


def test_what_the_graph_knows_of_another_vo_is_not_asked_for():
    known = (("abc", "a:known"), ("xyz", "x:known"), ("def", "d:told"))
    one = Download("i", "c", "k", "https://h.example/x.tif", file_did="a:known", file_dids=known)
    plan, scopes = DownloadPlan((one,)), Scopes("own")
    published = ("own", "i_k.tif")
    assert pairs_of(plan, scopes, "xyz") == (("x", "known"), ("d", "told"), published)
    assert pairs_of(plan, scopes, "abc") == (("a", "known"), ("d", "told"), published)
    assert pairs_of(plan, scopes) == (("d", "told"), published)
    files = {("x", "known"): FileThere("x", "known", 7)}
    assert locate(plan, Resolved(files), scopes, "xyz").files[0].file_did == "x:known"
    assert locate(plan, Resolved({}), scopes, "new").files[0].file_did == "d:told"
