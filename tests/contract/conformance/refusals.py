"""How each error of the samples is provoked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from simulator import Profile
from tests.contract.conformance.bench import Bench
from tests.contract.conformance.case import Case

__all__ = ["CASES"]

ORDER: Final = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}
LIMIT: Final = ORDER | {"type": "LIMIT", "price": "66000", "timeInForce": "GTX"}
UNKNOWN: Final = {"symbol": "BTCUSDT", "orderId": "1"}
ONLY_SCRIPTED: Final = ("-1008", "503-unknown", "503-unavailable", "-1007")
"""The exchange is never overloaded here, unless a script says so, and then the script has the words."""


async def with_key(bench: Bench, key: str) -> Any:
    answer = await bench.wire.send("POST", "/fapi/v1/listenKey", **{"X-MBX-APIKEY": key})
    return {"http": answer.status, "body": answer.body}


async def with_another_signature(bench: Bench) -> Any:
    answer = await bench.wire.send(
        "GET", f"/fapi/v1/openOrders?timestamp={bench.simulator.time_ms}&signature={'0' * 64}"
    )
    return {"http": answer.status, "body": answer.body}


async def until_refused(bench: Bench, status: int, request: str, **params: object) -> Any:
    """Ask again and again until the answer has this status; return it as the sample writes it."""
    for _ in range(1000):
        answer = await bench.refused(request, **params)
        if answer["http"] == status:
            return json.loads(json.dumps(answer).replace("127.0.0.1", "1.2.3.4"))
    raise AssertionError(f"no {status} came")


async def refusals(bench: Bench) -> Any:
    """Provoke one after the other; the limits come last, for a ban ends everything."""
    late = bench.simulator.time_ms - 60_000
    return {
        "-1021": await bench.refused("GET openOrders", timestamp=late),
        "-1022": await with_another_signature(bench),
        "-1102": await bench.refused("POST order", symbol="BTCUSDT", side="BUY", type="MARKET"),
        "-1121": await bench.refused("GET openOrders", symbol="NOPE"),
        "-1125": await bench.refused("PUT listenKey"),
        "-2011": await bench.refused("DELETE order", **UNKNOWN),
        "-2013": await bench.refused("GET order", **UNKNOWN),
        "-2014": await with_key(bench, "short"),
        "-2015": await with_key(bench, "x" * 64),
        "-4120": await bench.refused("POST order", **ORDER | {"type": "STOP_MARKET"}),
        "-5022": await bench.refused("POST order", **LIMIT),
        "-1015": await until_refused(bench, 429, "POST order", **ORDER | {"quantity": "0.001"}),
        "-1003-429": await until_refused(bench, 429, "GET openOrders"),
        "-1003-418": await until_refused(bench, 418, "GET openOrders"),
    }


CASES: Final[Mapping[str, Case]] = {
    "errors/examples": Case(
        produce=refusals, leaving_out=ONLY_SCRIPTED, terms={"profile": Profile(request_ip="1.2.3.4")}
    ),
}
