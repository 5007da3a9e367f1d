"""How often a client may ask: a token bucket for each."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_CLIENTS: Final = 20_000
"""Clients that are remembered; of more, those that asked longest ago are forgotten."""


@dataclass
class _Bucket:
    left: float
    at: float


class Rates:
    """Buckets of ``burst`` requests that fill by ``per_second``; 0 per second: no limit."""

    def __init__(
        self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_second = per_second
        self.burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, client: str) -> float:
        """Take one request of a client; return 0, or the seconds until there is one again."""
        if self.per_second <= 0:
            return 0.0
        now = self._clock()
        with self._lock:
            bucket = self._buckets.pop(client, None) or _Bucket(float(self.burst), now)
            self._buckets[client] = bucket
            if len(self._buckets) > MOST_CLIENTS:
                self._buckets.popitem(last=False)
            passed = max(0.0, now - bucket.at)
            bucket.left = min(float(self.burst), bucket.left + passed * self.per_second)
            bucket.at = now
            if bucket.left >= 1:
                bucket.left -= 1
                return 0.0
            return (1 - bucket.left) / self.per_second


def client_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 of an IPv6 one.

    "" for this machine itself, which is not limited.
    """
    try:
        value = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    value = getattr(value, "ipv4_mapped", None) or value
    if value.is_loopback:
        return ""
    if value.version == 6:
        return str(ipaddress.ip_network((int(value) >> 64 << 64, 64)))
    return str(value)
