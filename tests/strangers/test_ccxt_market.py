"""What users of ccxt see of the market and of their account: markets, prices, balances, positions, settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any

import ccxt
import pytest

from tests.strangers.clients import BTC, sync_ccxt
from tests.strangers.venue import Venue


@pytest.fixture
def trader(venue: Venue) -> Iterator[Any]:
    client = sync_ccxt(venue)
    with closing(client.session):
        client.load_markets()
        yield client


def test_markets_are_loaded_with_their_precisions_and_limits(trader: Any) -> None:
    markets = trader.load_markets()
    btc = markets[BTC]
    assert (btc["type"], btc["active"], btc["linear"], btc["settle"]) == ("swap", True, True, "USDT")
    assert btc["precision"]["price"] == 0.1
    assert btc["precision"]["amount"] == 0.001
    assert (btc["limits"]["cost"]["min"], btc["limits"]["amount"]["min"]) == (50.0, 0.001)
    assert len([market for market in markets.values() if market["swap"] and market["active"]]) >= 20


def test_markets_of_every_kind_are_understood(trader: Any) -> None:
    markets = list(trader.load_markets().values())
    assert [market for market in markets if market["type"] == "future" and market["expiry"]]
    assert [market for market in markets if not market["active"]]
    assert [market for market in markets if market["base"].startswith("1000")]
    assert [market for market in markets if not market["id"].isascii()]
    assert [market for market in markets if market["settle"] == "USDC"]


def test_non_ascii_symbol_is_traded(trader: Any) -> None:
    market = next(market for market in trader.load_markets().values() if not market["id"].isascii())
    price = trader.fetch_order_book(market["symbol"], 5)["bids"][-1][0]
    amount = trader.amount_to_precision(market["symbol"], 20 / price + market["limits"]["amount"]["min"])
    order = trader.create_order(market["symbol"], "limit", "buy", amount, price)
    assert trader.fetch_order(order["id"], market["symbol"])["status"] == "open"
    assert trader.cancel_order(order["id"], market["symbol"])["status"] == "canceled"


def test_order_book_is_ordered_and_straddles_the_price(trader: Any) -> None:
    book = trader.fetch_order_book(BTC)
    bids, asks = [price for price, _ in book["bids"]], [price for price, _ in book["asks"]]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] <= trader.fetch_ticker(BTC)["last"] <= asks[0]
    assert len(bids) >= 20 <= len(asks)
    assert book["nonce"] > 0


def test_tickers_say_the_last_price(trader: Any, venue: Venue) -> None:
    venue.set_price("BTCUSDT", 65432.1)
    assert trader.fetch_ticker(BTC)["last"] == 65432.1
    assert trader.fetch_tickers([BTC])[BTC]["last"] == 65432.1
    assert trader.fetch_last_prices([BTC])[BTC]["price"] == 65432.1
    sides = trader.fetch_bids_asks([BTC])[BTC]
    assert sides["bid"] <= 65432.1 <= sides["ask"]
    assert trader.fetch_mark_price(BTC)["markPrice"] == pytest.approx(65432.1, rel=0.01)


def test_candles_are_continuous_and_end_now(trader: Any) -> None:
    candles = trader.fetch_ohlcv(BTC, "1m", limit=100)
    assert len(candles) == 100
    assert {later[0] - earlier[0] for earlier, later in pairwise(candles)} == {60_000}
    assert 0 <= trader.fetch_time() - candles[-1][0] < 120_000
    for _, opened, high, low, closed, volume in candles:
        assert low <= opened <= high
        assert low <= closed <= high
        assert volume >= 0
    assert candles[-1][4] == trader.fetch_ticker(BTC)["last"]


@pytest.mark.parametrize("interval", ["1m", "5m", "1h", "4h", "1d", "1w", "1M"])
def test_candles_are_there_for_every_interval(trader: Any, interval: str) -> None:
    assert len(trader.fetch_ohlcv(BTC, interval, limit=5)) == 5


@pytest.mark.parametrize("price", ["mark", "index", "premiumIndex"])
def test_candles_of_mark_and_index_are_there(trader: Any, price: str) -> None:
    assert len(trader.fetch_ohlcv(BTC, "1m", limit=5, params={"price": price})) == 5


def test_own_trade_is_among_the_public_ones(trader: Any) -> None:
    trader.create_order(BTC, "market", "buy", 0.123)
    trade = trader.fetch_trades(BTC)[-1]
    assert (trade["side"], trade["amount"]) == ("buy", 0.123)


def test_funding_is_told(trader: Any) -> None:
    rate = trader.fetch_funding_rate(BTC)
    assert rate["fundingTimestamp"] > trader.fetch_time()
    assert rate["markPrice"] > 0
    assert BTC in trader.fetch_funding_rates()
    assert BTC in trader.fetch_funding_intervals()
    assert isinstance(trader.fetch_funding_rate_history(BTC), list)


def test_open_interest_is_told(trader: Any) -> None:
    assert trader.fetch_open_interest(BTC)["openInterestAmount"] >= 0


def test_balance_of_a_new_account_is_all_free(trader: Any) -> None:
    assert trader.fetch_balance()["USDT"] == {"free": 10000.0, "used": 0.0, "total": 10000.0}


def test_resting_order_binds_margin_and_its_end_frees_it(trader: Any) -> None:
    trader.set_leverage(10, BTC)
    order = trader.create_order(BTC, "limit", "buy", 0.1, 60000)
    assert trader.fetch_balance()["USDT"]["used"] == pytest.approx(600)
    trader.cancel_order(order["id"], BTC)
    assert trader.fetch_balance()["USDT"] == {"free": 10000.0, "used": 0.0, "total": 10000.0}


def test_hedge_mode_holds_a_long_and_a_short_position(trader: Any) -> None:
    trader.set_position_mode(True)
    assert trader.fetch_position_mode(BTC)["hedged"] is True
    trader.create_order(BTC, "market", "buy", 0.02, None, {"hedged": True})
    trader.create_order(BTC, "market", "sell", 0.01, None, {"hedged": True})
    positions = {position["side"]: position for position in trader.fetch_positions([BTC])}
    assert {side: position["contracts"] for side, position in positions.items()} == {"long": 0.02, "short": 0.01}
    assert all(position["hedged"] for position in positions.values())

    with pytest.raises(ccxt.ExchangeError, match="-4068"):
        trader.set_position_mode(False)
    trader.create_order(BTC, "market", "sell", 0.02, None, {"hedged": True, "reduceOnly": True})
    assert [position["side"] for position in trader.fetch_positions([BTC])] == ["short"]


def test_order_without_its_side_is_refused_in_hedge_mode(trader: Any) -> None:
    trader.set_position_mode(True)
    with pytest.raises(ccxt.ExchangeError, match="position side does not match"):
        trader.create_order(BTC, "market", "buy", 0.02)


def test_leverage_is_changed_and_seen_everywhere(trader: Any) -> None:
    assert trader.set_leverage(7, BTC)["leverage"] == 7
    assert trader.fetch_leverage(BTC)["longLeverage"] == 7
    trader.create_order(BTC, "market", "buy", 0.01)
    (position,) = trader.fetch_positions([BTC])
    assert position["initialMargin"] == pytest.approx(position["notional"] / 7, rel=1e-4)
    with pytest.raises(ccxt.BadRequest, match="Leverage 126 is not valid"):
        trader.fapiPrivatePostLeverage({"symbol": "BTCUSDT", "leverage": 126})


def test_leverage_tiers_go_from_the_highest_leverage_down(trader: Any) -> None:
    tiers = trader.fetch_leverage_tiers()
    assert len(tiers) >= 20
    btc = tiers[BTC]
    assert [tier["minNotional"] for tier in btc[1:]] == [tier["maxNotional"] for tier in btc[:-1]]
    assert [tier["maxLeverage"] for tier in btc] == sorted((tier["maxLeverage"] for tier in btc), reverse=True)


def test_margin_mode_is_changed_once(trader: Any) -> None:
    trader.set_margin_mode("isolated", BTC)
    assert trader.fetch_margin_mode(BTC)["marginMode"] == "isolated"
    with pytest.raises(ccxt.MarginModeAlreadySet):
        trader.fapiPrivatePostMarginType({"symbol": "BTCUSDT", "marginType": "ISOLATED"})


def test_isolated_position_has_its_own_margin_which_can_be_raised(trader: Any) -> None:
    trader.set_margin_mode("isolated", BTC)
    trader.set_leverage(10, BTC)
    trader.create_order(BTC, "market", "buy", 0.01)
    (before,) = trader.fetch_positions([BTC])
    trader.add_margin(BTC, 50)
    (after,) = trader.fetch_positions([BTC])
    assert after["marginMode"] == "isolated"
    assert after["collateral"] - before["collateral"] == pytest.approx(50)
    assert 0 < after["liquidationPrice"] < before["liquidationPrice"] < before["entryPrice"]
    assert [change["amount"] for change in trader.fetch_margin_adjustment_history(BTC)][-1] == 50


def test_fees_are_those_of_the_account(trader: Any) -> None:
    fee = trader.fetch_trading_fee(BTC)
    assert 0 < fee["maker"] < fee["taker"] < 0.001


def test_what_happened_to_the_money_is_listed(trader: Any) -> None:
    trader.create_order(BTC, "market", "buy", 0.01)
    trader.create_order(BTC, "market", "sell", 0.01)
    entries = trader.fetch_ledger()
    assert [entry["info"]["incomeType"] for entry in entries].count("COMMISSION") == 2
    change = sum(entry["amount"] if entry["direction"] == "in" else -entry["amount"] for entry in entries)
    assert trader.fetch_balance()["USDT"]["total"] == pytest.approx(10000 + change)


def test_liquidation_and_the_queue_before_it_are_told(trader: Any, venue: Venue) -> None:
    trader.create_order(BTC, "market", "buy", 0.01)
    assert trader.fetch_position_adl_rank(BTC)["symbol"] == BTC
    venue.act({"liquidate": {"symbol": "BTCUSDT"}})
    (liquidation,) = trader.fetch_my_liquidations(BTC)
    assert liquidation["contracts"] == 0.01
    assert trader.fetch_positions([BTC]) == []
