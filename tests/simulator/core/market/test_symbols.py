"""The market at the start is realistic, and every symbol of it can be traded."""

from __future__ import annotations

import pytest

from simulator import DEFAULT_SYMBOLS, SymbolSpec, delivery, market_at, perpetual, quarterlies, synthetic_symbols
from simulator.core.amounts import padded

AUTUMN_2026 = 1_795_000_000_000


def test_the_default_market_has_the_symbols_that_clients_expect() -> None:
    names = [spec.symbol for spec in DEFAULT_SYMBOLS]

    assert {"BTCUSDT", "ETHUSDT", "1000PEPEUSDT", "BTCUSDC", "币安人生USDT"} <= set(names)
    assert len(names) == len(set(names))
    assert sum(spec.contract_type == "PERPETUAL" and spec.status == "TRADING" for spec in DEFAULT_SYMBOLS) >= 20


def test_the_default_market_has_contracts_that_do_not_trade_and_ones_on_stocks() -> None:
    assert {spec.status for spec in DEFAULT_SYMBOLS} == {"TRADING", "SETTLING", "PENDING_TRADING"}
    assert {spec.underlying_type for spec in DEFAULT_SYMBOLS if spec.contract_type == "TRADIFI_PERPETUAL"} == {
        "EQUITY",
        "COMMODITY",
    }


@pytest.mark.parametrize(
    ("now_ms", "names"),
    [
        (AUTUMN_2026, ["BTCUSDT_261225", "BTCUSDT_270326"]),
        (1_798_185_600_000 - 1, ["BTCUSDT_261225", "BTCUSDT_270326"]),
        (1_798_185_600_000, ["BTCUSDT_270326", "BTCUSDT_270625"]),
    ],
)
def test_quarterly_contracts_are_those_that_are_delivered_next(now_ms: int, names: list[str]) -> None:
    bitcoin = [spec for spec in quarterlies(now_ms) if spec.pair == "BTCUSDT"]

    assert [spec.symbol for spec in bitcoin] == names
    assert [spec.contract_type for spec in bitcoin] == ["CURRENT_QUARTER", "NEXT_QUARTER"]
    assert all(spec.delivery_ms > now_ms and spec.delivery_ms % 86_400_000 == 8 * 3_600_000 for spec in bitcoin)


def test_the_market_of_a_day_is_the_default_one_and_its_quarterly_contracts() -> None:
    assert market_at(AUTUMN_2026) == (*DEFAULT_SYMBOLS, *quarterlies(AUTUMN_2026))


def test_a_delivery_contract_is_named_after_its_day_and_its_pair() -> None:
    spec = delivery("ETHUSDT", 1_798_185_600_000, "3500", "0.01", "0.001", contract_type="NEXT_MONTH")

    assert (spec.symbol, spec.pair, spec.base_asset) == ("ETHUSDT_261225", "ETHUSDT", "ETH")
    assert (spec.contract_type, spec.delivery_ms) == ("NEXT_MONTH", 1_798_185_600_000)


def test_a_price_band_bounds_prices_and_what_a_market_order_takes() -> None:
    spec = perpetual("AUSDT", "1", "0.01", "1", price_band="0.15", min_price="0.05", max_price="9")

    assert (str(spec.multiplier_up), str(spec.multiplier_down)) == ("1.1500", "0.8500")
    assert (str(spec.trigger_protect), str(spec.market_take_bound)) == ("0.1500", "0.15")
    assert (str(spec.min_price), str(spec.max_price), spec.pair) == ("0.05", "9", "AUSDT")


def test_bitcoin_has_its_real_filters() -> None:
    bitcoin = DEFAULT_SYMBOLS[0]

    assert padded(bitcoin.tick_size, bitcoin.price_precision) == "0.10"
    assert (bitcoin.price_precision, bitcoin.quantity_precision) == (2, 3)
    assert bitcoin.min_notional == 50


@pytest.mark.parametrize("spec", [*market_at(AUTUMN_2026), *synthetic_symbols(3)], ids=lambda spec: spec.symbol)
def test_every_symbol_keeps_its_own_rules(spec: SymbolSpec) -> None:
    assert spec.pair == spec.base_asset + spec.quote_asset
    assert spec.symbol.startswith(spec.pair)
    assert spec.price % spec.tick_size == 0
    assert spec.min_price <= spec.price <= spec.max_price
    assert spec.min_quantity % spec.step_size == spec.market_max_quantity % spec.step_size == 0
    assert spec.min_notional <= spec.price * spec.market_max_quantity


def test_synthetic_symbols_are_as_many_as_wanted_and_all_different() -> None:
    names = [spec.symbol for spec in synthetic_symbols(501)]

    assert len(set(names)) == 501
    assert names[0] == "SIM0001USDT"


def test_a_symbol_has_to_end_with_its_quote_asset() -> None:
    with pytest.raises(ValueError, match="does not end with its quote asset USDC"):
        perpetual("BTCUSDT", "65000", "0.10", "0.001", quote_asset="USDC")
