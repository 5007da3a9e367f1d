"""Free text with operators, against the same said of sets of words."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafab_kg.model.errors import QueryNotValid
from dafab_kg.search.exact import truth
from dafab_kg.search.free_text import read_free_text, read_terms
from dafab_kg.search.tree import Mentions
from tests.search.items import make_item

WORDS = ["quick", "brown", "fox", "climate", "model"]


def holds(q: str, title: str) -> bool:
    return truth(read_free_text(q), make_item("x", title=title)) is True


@pytest.mark.parametrize(
    ("q", "right", "wrong"),
    [  # the table of the extension's page
        ("sentinel", ["Sentinel 2"], ["sentinels"]),
        ('"climate model"', ["a climate model", "Climate-Model"], ["model climate", "climate"]),
        ("climate OR model", ["climate", "a model"], ["weather"]),
        ("climate AND model", ["model of climate"], ["climate", "model"]),
        ("(quick OR brown) AND fox", ["quick fox", "fox brown"], ["quick brown", "fox"]),
        ("quick +brown -fox", ["brown", "quick brown"], ["quick", "brown fox", "x"]),
        # and what follows of it
        ("quick brown OR fox", ["quick", "brown", "fox"], ["x"]),
        ("quick -fox", ["quick"], ["quick fox", "brown"]),
        ("-fox", ["x"], ["fox"]), ('-"quick fox"', ["fox quick"], ["quick fox"]),
        ("fox AND -brown", ["fox"], ["brown fox"]), ("-(quick fox)", ["x"], ["quick", "fox"]),
        ("+fox +(quick,brown)", ["brown fox"], ["fox", "brown"]),
        ("quick OR brown AND fox", ["quick", "brown fox"], ["brown", "fox"]),
        # basic
        ("climate model", ["climate model"], ["model of climate", "climate"]),
        ("fox,climate model", ["fox", "the climate model"], ["model"]),
        ("and or", ["this and or that"], ["and", "or"]), ("a-b", ["a b"], ["a", "b"]),
    ],
)  # fmt: skip
def test_what_the_extension_says(q, right, wrong):
    for title in right:
        assert holds(q, title), title
    for title in wrong:
        assert not holds(q, title), title


def made_up(chance: random.Random, depth: int):
    """A group as text, and what it asks of the words of a title in a row."""
    parts, texts = [], []
    for _ in range(chance.randrange(1, 4)):
        chain, written = [], []
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            sign = chance.choice(["", "", "", "+", "-"])
            kind = chance.random()
            if depth and kind < 0.3:
                text, test = made_up(chance, depth - 1)
                text = f"({text})"
            elif kind < 0.5:
                row = chance.choices(WORDS, k=2)
                text, test = (
                    f'"{" ".join(row)}"',
                    lambda told, row=row: row in [told[n : n + 2] for n in range(len(told))],
                )
            else:
                text = chance.choice(WORDS)
                test = lambda told, text=text: text in told  # noqa: E731
            chain.append((sign, test))
            written.append(sign + text)
        parts.append(chain)
        texts.append(" AND ".join(written))
    joined = texts[0]
    for text in texts[1:]:
        joined += chance.choice([" ", " OR ", ", "]) + text

    def asked(told):
        signed = [chain[0] for chain in parts if len(chain) == 1]
        must = [test for sign, test in signed if sign == "+"]
        never = [test for sign, test in signed if sign == "-"]
        if not all(one(told) for one in must) or any(one(told) for one in never):
            return False
        may = [[one] for one in signed if not one[0]] + [c for c in parts if len(c) > 1]
        if must or not may:
            return True
        return any(all(test(told) is not (sign == "-") for sign, test in chain) for chain in may)

    return joined, asked


def test_random_texts_agree_with_sets_of_words():
    chance = random.Random(6)
    holding = 0
    for _ in range(2_000):
        text, asked = made_up(chance, 2)
        if not any(one in text for one in ('"', "(", "+", "-", "AND", "OR")):
            continue  # basic
        if sum(map(text.count, WORDS)) > 32:
            continue  # too much
        told = chance.choices([*WORDS, "other"], k=chance.randrange(1, 6))
        assert holds(text, " ".join(told)) is asked(told), (text, told)
        holding += asked(told)
    assert 300 < holding < 1_700


@pytest.mark.parametrize(
    "q", ["", ",", "!", '"', '"a', "(", "(a", "a)", "()", "a AND", "AND a", "OR a", "a OR", '"!"',
          "a OR OR b", "+ -", "-AND b", "(" * 20 + "a" + ")" * 20, " ".join(["+a"] * 40), "x" * 600,
          "+" + "x" * 600, "a" * 20_000, "a AND OR b"],
)  # fmt: skip
def test_what_is_none_is_refused(q):
    with pytest.raises(QueryNotValid):
        read_free_text(q)


def test_a_list_is_terms():
    assert read_terms(["a AND b", "-c"]) == Mentions((("a", "and", "b"), ("c",)))


@given(st.lists(st.sampled_from([*'"()+-, ', "AND", "OR", " AND ", " OR ", "a", "é", "\0"])))
def test_whatever_is_sent_is_read_or_refused(parts):
    try:
        node = read_free_text("".join(parts))
    except QueryNotValid:
        return
    assert truth(node, make_item("x", title="a é")) in (True, False)
