"""Whether contracts on what is traded elsewhere wait for a signature: as the profile says."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from simulator import VenueError
from simulator.core.domain import TRADIFI_PERPETUAL
from tests.simulator.core.conditional_orders import Bench

ORDER = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "3400"}
STOP = {"algoType": "CONDITIONAL", "side": "BUY", "type": "STOP_MARKET", "quantity": "1", "triggerPrice": "3600"}
EVERY_ORDER: list[tuple[str, dict[str, Any]]] = [
    ("POST order", ORDER),
    ("POST order/test", ORDER),
    ("POST algoOrder", STOP),
]


def bench_with_tradfi(**profile: str) -> Bench:
    """Return a bench where ETHUSDT is a TradFi contract."""
    bench = Bench(**profile)
    symbols = bench.venue.exchange.symbols
    symbols["ETHUSDT"] = replace(symbols["ETHUSDT"], contract_type=TRADIFI_PERPETUAL)
    return bench


@pytest.mark.parametrize(("request_", "terms"), EVERY_ORDER)
def test_where_it_is_needed_orders_wait_for_the_signature(request_: str, terms: dict[str, Any]) -> None:
    bench = bench_with_tradfi(tradfi_agreement="needed")
    with pytest.raises(VenueError) as refused:
        bench.ask(request_, symbol="ETHUSDT", **terms)

    assert (refused.value.code, refused.value.message) == (
        -4411,
        "Please sign TradFi-Perps agreement contract fapi.",
    )
    assert bench.ask("POST stock/contract") == {"code": 200, "msg": "success"}
    assert bench.ask(request_, symbol="ETHUSDT", **terms)


@pytest.mark.parametrize(("request_", "terms"), EVERY_ORDER)
def test_by_default_nobody_has_to_sign(request_: str, terms: dict[str, Any]) -> None:
    assert bench_with_tradfi().ask(request_, symbol="ETHUSDT", **terms)


def test_other_contracts_need_no_signature() -> None:
    bench = bench_with_tradfi(tradfi_agreement="needed")

    assert bench.ask("POST order", symbol="BTCUSDT", **(ORDER | {"quantity": "0.010", "price": "60000"}))


def test_a_signature_is_forgotten_when_the_exchange_is_wiped() -> None:
    bench = bench_with_tradfi(tradfi_agreement="needed")
    bench.ask("POST stock/contract")
    bench.venue.wipe()

    with pytest.raises(VenueError, match="agreement"):
        bench.ask("POST order", symbol="ETHUSDT", **ORDER)
