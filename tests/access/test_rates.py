"""Rates: a token bucket for each client."""

from __future__ import annotations

import pytest

from dafab_kg.access import rates
from dafab_kg.access.rates import Rates, client_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate():
    clock = Clock()
    bucket = Rates(2.0, 3, clock)
    assert [bucket.take("a") for _ in range(3)] == [0, 0, 0]
    assert bucket.take("a") == pytest.approx(0.5)
    assert bucket.take("b") == 0
    clock.now = 0.5
    assert bucket.take("a") == 0
    assert bucket.take("a") > 0
    clock.now = 1000
    assert [bool(bucket.take("a")) for _ in range(4)] == [False, False, False, True]


def test_a_clock_that_goes_backwards_gives_nothing_and_takes_nothing():
    clock = Clock()
    bucket = Rates(1.0, 1, clock)
    clock.now = 100
    assert bucket.take("a") == 0
    clock.now = 50
    assert bucket.take("a") > 0
    clock.now = 51
    assert bucket.take("a") == 0


def test_clients_are_forgotten_not_piled_up(monkeypatch):
    monkeypatch.setattr(rates, "MOST_CLIENTS", 10)
    bucket = Rates(1.0, 1, Clock())
    for number in range(100):
        bucket.take(str(number))
    assert len(bucket._buckets) == 10


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("nonsense", "unknown"),
    ],
)
def test_what_counts_as_one_client(address, client):
    assert client_of(address) == client
