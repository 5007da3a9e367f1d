"""The Query extension and words in texts, on items told one by one."""

from __future__ import annotations

import random

import pytest

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.model.words import words_of
from dafab_kg.search.exact import truth
from dafab_kg.search.stac_query import read_query
from dafab_kg.search.tree import Mentions
from tests.search.items import make_item


def item(**properties):
    return make_item("S2A_MSIL2A_20220901_T31UGR", **properties)


RIGHT = [
    ({"gsd": {"eq": 10}}, {"gsd": 10}, {"gsd": 20}),
    ({"gsd": {"eq": 10}}, {"gsd": 10.0}, {"gsd": "10"}),
    ({"gsd": {"neq": 10}}, {"gsd": 20}, {}),
    ({"gsd": {"gt": 5, "lte": 10}}, {"gsd": 10}, {"gsd": 5}),
    ({"gsd": {"gte": 5, "lt": 10}}, {"gsd": 5}, {"gsd": 10}),
    ({"gsd": {"lt": 10}}, {"gsd": 9.99}, {}),
    ({"platform": {"startsWith": "sent"}}, {"platform": "sentinel"}, {"platform": "Sentinel"}),
    ({"platform": {"startsWith": "s%"}}, {"platform": "s%x"}, {"platform": "sx"}),
    ({"platform": {"endsWith": "2a"}}, {"platform": "sentinel-2a"}, {"platform": "2ab"}),
    ({"title": {"contains": "to_day"}}, {"title": "to_day's"}, {"title": "toxday"}),
    ({"keywords": {"contains": "flood"}}, {"keywords": ["flood"]}, {"keywords": ["floods"]}),
    ({"sizes": {"contains": 3}}, {"sizes": [1, 3]}, {"sizes": [1, 2]}),
    ({"platform": {"in": ["a", "b"]}}, {"platform": "b"}, {"platform": "c"}),
    ({"gsd": {"in": [1, 2]}}, {"gsd": 2}, {"gsd": 3}),
    ({"flag": {"eq": True}}, {"flag": True}, {"flag": 1}),
    ({"gsd": {"eq": None}}, {"gsd": None}, {"gsd": 0}),
    ({"gsd": {"neq": None}}, {"gsd": 0}, {"gsd": None}),
    ({"properties.gsd": {"eq": 1}}, {"gsd": 1}, {"gsd": 2}),
    ({"gsd": {"eq": 1}, "platform": {"eq": "a"}}, {"gsd": 1, "platform": "a"}, {"gsd": 1}),
    ({"eo:cloud_cover": {"gt": "9"}}, {"eo:cloud_cover": 10}, {"eo:cloud_cover": "10"}),
    (
        {"created": {"gte": "2022-01-01T00:00:00Z"}},
        {"created": "2022-01-01T02:00:00+02:00"},
        {"created": "2022-01-01T01:00:00+02:00"},
    ),
]


@pytest.mark.parametrize(("query", "fits", "fails"), RIGHT)
def test_queries_mean_what_they_say(query, fits, fails):
    node = read_query(query)
    assert truth(node, item(**fits)) is True
    assert truth(node, item(**fails)) is not True


def test_id_and_collection_are_named_too():
    assert truth(read_query({"id": {"startsWith": "S2A"}}), item()) is True
    assert truth(read_query({"collection": {"neq": "alpha"}}), item()) is False
    assert truth(read_query({}), item()) is True


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ([], "object"), ({"a": 1}, "/a"), ({"a": {}}, "/a"), ({"a": {"like": 1}}, "/a/like"),
        ({"a/b": {"eq": {}}}, "/a~1b/eq"), ({"a": {"in": 3}}, "/a/in"), ({"": {"eq": 1}}, "/"),
        ({"a": {"in": [1, []]}}, "/a/in"), ({"a": {"startsWith": 1}}, "/a/startsWith"),
        ({"a": {"eq": "x" * 5000}}, "/a/eq"), ({"a": {"lt": None}}, "/a/lt"),
        ({"a": {"in": [1] * 2000}}, "/a/in"), ({str(n): {"eq": 1} for n in range(300)}, "200"),
    ],
)  # fmt: skip
def test_what_is_no_query_is_named(query, where):
    with pytest.raises(QueryNotValid, match=where):
        read_query(query)


def found(q: list[str], **properties) -> bool:
    terms = tuple(words_of(one) for one in q)
    return truth(Mentions(terms), item(**properties)) is True


def test_words_are_found_whole_in_a_row_and_in_any_case():
    told = {"title": "Floods of the Upper-Rhine, 2021", "keywords": ["water", "Überschwemmung"]}
    for q in (["floods"], ["FLOODS OF"], ["upper rhine"], ["nothing", "water"], ["überschwemmung"],
              ["rhine 2021"], ["t31ugr"], ["msil2a"]):  # fmt: skip
        assert found(q, **told), q
    for q in (["flood"], ["of floods"], ["floods the"], ["2021 water"], ["uberschwemmung"], ["x"]):
        assert not found(q, **told), q
    assert found(["deep"], nested={"list": [{"text": "so deep"}]})
    assert not found(["01t10"], created="2022-09-01T10:00:00Z")


def test_words_agree_with_a_plain_search_of_lists():
    """The same said in another way, over random texts."""
    chance = random.Random(3)
    alphabet = ["ab", "a", "b", "ß", "É", "1"]
    for _ in range(500):
        told = [chance.choice(alphabet) for _ in range(chance.randrange(1, 7))]
        term = [chance.choice(alphabet) for _ in range(chance.randrange(1, 3))]
        low = [one.lower() for one in told]
        want = [one.lower() for one in term]
        right = any(low[n : n + len(want)] == want for n in range(len(low)))
        assert found(["-".join(term)], title=" ,".join(told)) is right
