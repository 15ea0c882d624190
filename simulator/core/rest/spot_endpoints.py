"""What clients ask of the spot exchange before they begin, although they only trade futures.

Several set out with one of these (python-binance, unicorn-binance-rest-api) and get no further without an answer. On
Binance they are served by another host; here every base URL may name this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.core.rest.market_endpoints import ping, server_time
from simulator.core.venue import Route

__all__ = ["ROUTES"]

ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/api/v3/ping"): Route(ping, "none"),
    ("GET", "/api/v3/time"): Route(server_time, "none"),
}
