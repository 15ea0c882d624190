"""What assets count for in USD."""

from __future__ import annotations

from decimal import Decimal

from simulator.core.accounts.asset_index import asset_index, collateral, in_usd

MARKS = {"BTCUSDT": Decimal(65000), "ADAUSDT": Decimal("0.4")}


def test_a_dollar_coin_is_worth_a_dollar_and_others_their_mark_price() -> None:
    assert [asset_index(asset, MARKS).index for asset in ("USDT", "USDC", "BTC", "NOWHERE")] == [1, 1, 65000, 0]
    assert in_usd(Decimal(5), "ADA", MARKS) == 2


def test_rates_are_the_buffers_around_the_index_as_in_the_documented_sample() -> None:
    index = asset_index("ADA", MARKS)

    assert (index.bid_rate, index.ask_rate) == (Decimal("0.36"), Decimal("0.44"))
    assert index.exchange_buffer == Decimal("0.05")


def test_a_balance_counts_for_less_than_it_is_worth_and_a_debt_for_more() -> None:
    assert collateral(Decimal(1), "BTC", MARKS) == Decimal(65000) * Decimal("0.95")
    assert collateral(Decimal(-1), "BTC", MARKS) == Decimal(-65000) * Decimal("1.05")
