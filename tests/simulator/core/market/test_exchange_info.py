"""exchangeInfo says what clients read at their start: every key, filters as strings, limits and times as configured."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Profile, market_at
from simulator.core.market.exchange_info import exchange_info
from simulator.core.security.rate_limits import Limits

NOW = 1_795_000_000_000
DAY = 86_400_000


def info(profile: Profile | None = None, limits: Limits | None = None, now_ms: int = NOW) -> dict[str, Any]:
    return exchange_info(market_at(now_ms), limits or Limits(), profile or Profile(), now_ms)


def listed(name: str) -> dict[str, Any]:
    symbols: list[dict[str, Any]] = info()["symbols"]
    (symbol,) = [symbol for symbol in symbols if symbol["symbol"] == name]
    return symbol


def test_bitcoin_is_listed_with_its_real_terms() -> None:
    symbol = listed("BTCUSDT")
    filters = {found["filterType"]: found for found in symbol["filters"]}

    assert filters["PRICE_FILTER"] | {"filterType": ""} == {
        "filterType": "",
        "tickSize": "0.10",
        "minPrice": "556.80",
        "maxPrice": "4529764",
    }
    assert (filters["LOT_SIZE"]["maxQty"], filters["MARKET_LOT_SIZE"]["maxQty"]) == ("1000", "120")
    assert (symbol["underlyingSubType"], symbol["liquidationFee"]) == (["PoW"], "0.012500")
    assert (symbol["marketTakeBound"], symbol["triggerProtect"]) == ("0.05", "0.0500")


def test_a_quarterly_contract_names_its_pair_and_its_delivery() -> None:
    symbol = listed("BTCUSDT_261225")

    assert (symbol["pair"], symbol["contractType"]) == ("BTCUSDT", "CURRENT_QUARTER")
    assert NOW < symbol["deliveryDate"] < listed("BTCUSDT")["deliveryDate"]


@pytest.mark.parametrize(
    ("name", "contract_type", "status", "underlying"),
    [
        ("币安人生USDT", "PERPETUAL", "TRADING", "COIN"),
        ("TSLAUSDT", "TRADIFI_PERPETUAL", "TRADING", "EQUITY"),
        ("BTCDOMUSDT", "PERPETUAL", "TRADING", "INDEX"),
        ("STORJUSDT", "PERPETUAL", "SETTLING", "COIN"),
        ("SOONERUSDT", "PERPETUAL", "PENDING_TRADING", "COIN"),
    ],
)
def test_contracts_that_clients_stumble_over_are_listed(
    name: str, contract_type: str, status: str, underlying: str
) -> None:
    symbol = listed(name)

    assert (symbol["contractType"], symbol["status"], symbol["underlyingType"]) == (contract_type, status, underlying)


def test_the_limits_are_those_of_the_venue() -> None:
    limits = info(limits=Limits(weight=6000, orders_1m=1300, orders_10s=310))["rateLimits"]

    assert [(one["rateLimitType"], one["interval"], one["intervalNum"], one["limit"]) for one in limits] == [
        ("REQUEST_WEIGHT", "MINUTE", 1, 6000),
        ("ORDERS", "MINUTE", 1, 1300),
        ("ORDERS", "SECOND", 10, 310),
    ]


@pytest.mark.parametrize("hours", [0, 1, 30, 71, 72])
def test_its_time_may_be_days_old(hours: int) -> None:
    now_ms = NOW + hours * 3_600_000
    shown = info(Profile(exchange_info_time="stale"), now_ms=now_ms)["serverTime"]

    assert DAY <= now_ms - shown < 4 * DAY
    assert info(now_ms=now_ms)["serverTime"] == now_ms


@pytest.mark.parametrize(("profile", "more"), [(Profile(), []), (Profile(rpi_time_in_force="listed"), ["RPI"])])
def test_a_time_in_force_that_clients_may_not_know_is_listed_when_the_profile_says_so(
    profile: Profile, more: list[str]
) -> None:
    shown = [symbol["timeInForce"] for symbol in info(profile)["symbols"]]

    assert all(times == ["GTC", "IOC", "FOK", "GTX", "GTD", *more] for times in shown)


def test_every_asset_that_is_margin_is_there_once() -> None:
    assets = [one["asset"] for one in info()["assets"]]

    assert len(assets) == len(set(assets))
    assert {symbol["marginAsset"] for symbol in info()["symbols"]} <= set(assets)
