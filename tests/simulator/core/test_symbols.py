"""The market at the start is realistic, and every symbol of it can be traded."""

from __future__ import annotations

import pytest

from simulator import DEFAULT_SYMBOLS, SymbolSpec, perpetual, synthetic_symbols
from simulator.core.amounts import padded


def test_the_default_market_has_the_symbols_that_clients_expect() -> None:
    names = [spec.symbol for spec in DEFAULT_SYMBOLS]

    assert {"BTCUSDT", "ETHUSDT", "1000PEPEUSDT", "BTCUSDC"} <= set(names)
    assert len(names) == len(set(names)) >= 20


def test_bitcoin_has_its_real_filters() -> None:
    bitcoin = DEFAULT_SYMBOLS[0]

    assert padded(bitcoin.tick_size, bitcoin.price_precision) == "0.10"
    assert (bitcoin.price_precision, bitcoin.quantity_precision) == (2, 3)
    assert bitcoin.min_notional == 50


@pytest.mark.parametrize("spec", [*DEFAULT_SYMBOLS, *synthetic_symbols(3)], ids=lambda spec: spec.symbol)
def test_every_symbol_keeps_its_own_rules(spec: SymbolSpec) -> None:
    assert spec.symbol == spec.base_asset + spec.quote_asset
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
