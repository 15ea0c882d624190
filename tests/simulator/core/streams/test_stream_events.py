"""Facts are told in the captured order, with the captured keys and number formats."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import AccountSpec, Profile
from simulator.core.accounts.margin_modes import change_leverage
from simulator.core.domain import BUY, LONG, SELL
from simulator.core.facts import Fact, ListenKeyEnded
from simulator.core.streams.stream_events import user_events
from simulator.core.streams.user_event import UserEvent
from simulator.core.trading.exchange import Exchange
from tests.simulator.core.book_trading import a_book, place_as, said
from tests.simulator.core.small_markets import NOW, an_exchange, limit, market, place, resting, the_account


def events(exchange: Exchange, facts: list[Fact], profile: Profile | None = None) -> list[UserEvent]:
    return user_events(facts, exchange.symbols, profile or Profile())


def sequence(told: list[UserEvent]) -> list[str]:
    return [event.name if "o" not in event.body else f"{event.body['o']['x']}/{event.body['o']['X']}" for event in told]


def order_of(told: list[UserEvent], execution_type: str) -> dict[str, Any]:
    bodies: list[dict[str, Any]] = [event.body["o"] for event in told if "o" in event.body]
    return next(body for body in bodies if body["x"] == execution_type)


def test_a_fill_on_arrival_is_told_lite_first_then_new_account_trade() -> None:
    exchange = an_exchange()
    _, facts = place(exchange, market(BUY, "0.010"))

    told = events(exchange, facts)

    assert sequence(told) == ["TRADE_LITE", "NEW/NEW", "ACCOUNT_UPDATE", "TRADE/FILLED"]
    assert {(event.body["T"], event.body["E"]) for event in told} == {(NOW, NOW)}


def test_a_maker_fill_is_told_lite_account_trade() -> None:
    exchange = an_exchange()
    resting(exchange)

    told = events(exchange, exchange.set_price("BTCUSDT", Decimal(60000), NOW))

    assert sequence(told) == ["TRADE_LITE", "ACCOUNT_UPDATE", "TRADE/FILLED"]


def test_each_order_that_a_price_move_fills_is_told_apart() -> None:
    exchange = an_exchange()
    resting(exchange)
    resting(exchange)

    told = events(exchange, exchange.set_price("BTCUSDT", Decimal(60000), NOW))

    assert sequence(told) == ["TRADE_LITE", "ACCOUNT_UPDATE", "TRADE/FILLED"] * 2


@pytest.mark.parametrize(
    ("trade_lite", "told"),
    [
        (Profile(trade_lite="last"), ["NEW/NEW", "ACCOUNT_UPDATE", "TRADE/FILLED", "TRADE_LITE"]),
        (Profile(trade_lite="absent"), ["NEW/NEW", "ACCOUNT_UPDATE", "TRADE/FILLED"]),
    ],
)
def test_the_place_of_trade_lite_is_the_profiles(trade_lite: Profile, told: list[str]) -> None:
    exchange = an_exchange()
    _, facts = place(exchange, market(BUY, "0.010"))

    assert sequence(events(exchange, facts, trade_lite)) == told


def test_resting_and_cancelling_change_no_account() -> None:
    exchange = an_exchange()
    order, facts = place(exchange, limit(BUY, "0.010", "60000"))

    assert sequence(events(exchange, [*facts, exchange.cancel(order, NOW)])) == ["NEW/NEW", "CANCELED/CANCELED"]


def test_each_account_hears_its_own_trades_in_their_order() -> None:
    exchange = a_book("a", "b", "c")
    place_as(exchange, "b", limit(BUY, "0.001", "65000"))
    place_as(exchange, "c", limit(BUY, "0.002", "65000"))
    place_as(exchange, "b", limit(BUY, "0.003", "65000"))
    _, facts = place_as(exchange, "a", market(SELL, "0.006"))

    told = events(exchange, facts)

    trade = ["TRADE_LITE", "ACCOUNT_UPDATE", "TRADE/FILLED"]
    heard = {name: sequence([event for event in told if event.account == name]) for name in "abc"}
    partial = ["ACCOUNT_UPDATE", "TRADE/PARTIALLY_FILLED"]
    assert heard["a"] == ["TRADE_LITE"] * 3 + ["NEW/NEW", *partial, *partial, "ACCOUNT_UPDATE", "TRADE/FILLED"]
    assert heard["b"] == trade * 2
    assert heard["c"] == trade
    ids = {name: [e.body["t"] for e in told if e.account == name and e.name == "TRADE_LITE"] for name in "abc"}
    assert ids["a"] == sorted(ids["b"] + ids["c"])


def test_later_trade_lites_may_stand_before_their_own_trades() -> None:
    exchange = said(("0.001", "65001"), ("0.002", "65002"))
    _, facts = place_as(exchange, "a", market(BUY, "0.003"))

    assert sequence(events(exchange, facts, Profile(trade_lite="each"))) == [
        "TRADE_LITE",
        "NEW/NEW",
        "ACCOUNT_UPDATE",
        "TRADE/PARTIALLY_FILLED",
        "TRADE_LITE",
        "ACCOUNT_UPDATE",
        "TRADE/FILLED",
    ]


def test_what_an_account_hears_of_a_trade_with_itself_is_in_order() -> None:
    exchange = a_book()
    place_as(exchange, "a", limit(BUY, "0.001", "65000"))
    _, facts = place_as(exchange, "a", market(SELL, "0.001"))

    told = events(exchange, facts)

    wallets = [event.body["a"]["B"][0]["wb"] for event in told if event.name == "ACCOUNT_UPDATE"]
    assert wallets == sorted(wallets, key=Decimal, reverse=True)
    assert sequence(told)[:4] == ["TRADE_LITE", "NEW/NEW", "ACCOUNT_UPDATE", "TRADE/FILLED"]


def test_order_updates_trim_zeros_and_trade_lite_pads_them() -> None:
    exchange = an_exchange()
    _, facts = place(exchange, market(BUY, "0.010"))
    told = events(exchange, facts)
    lite, trade = told[0].body, order_of(told, "TRADE")

    assert (lite["q"], lite["p"], lite["L"], lite["l"]) == ("0.010", "0.00", "65000.00", "0.010")
    assert (trade["q"], trade["p"], trade["L"], trade["l"], trade["z"]) == ("0.01", "0", "65000", "0.01", "0.01")
    assert (trade["ap"], trade["n"], trade["rp"]) == ("65000.00000", "0.26000000", "0")


def test_the_open_notional_of_the_symbol_is_told() -> None:
    exchange = an_exchange()
    resting(exchange, BUY, "0.010", "60000")
    _, facts = place(exchange, limit(SELL, "0.002", "70000"))

    new = order_of(events(exchange, facts), "NEW")

    assert (new["b"], new["a"]) == ("600", "140")


def test_an_expired_order_says_why() -> None:
    exchange = an_exchange()
    _, facts = place(exchange, limit(BUY, "0.010", "60000", time_in_force="IOC"))

    assert order_of(events(exchange, facts), "EXPIRED")["er"] == "2"


@pytest.mark.parametrize(("modify_id", "keys"), [("44444", {"M": "44444"}), ("", {})])
def test_an_amendment_carries_its_id_only_if_one_was_sent(modify_id: str, keys: dict[str, str]) -> None:
    exchange = an_exchange()
    order = resting(exchange)
    _, facts = exchange.amend(order, quantity=Decimal("0.020"), price=order.price, modify_id=modify_id, now_ms=NOW)

    amendment = order_of(events(exchange, facts), "AMENDMENT")

    assert {key: value for key, value in amendment.items() if key == "M"} == keys
    assert (amendment["X"], amendment["q"], amendment["V"]) == ("NEW", "0.02", "NONE")


def test_an_account_update_lists_what_changed() -> None:
    exchange = an_exchange(AccountSpec(balances={"USDC": "1"}))
    _, facts = place(exchange, market(SELL, "0.010"))

    account = next(event.body["a"] for event in events(exchange, facts) if event.name == "ACCOUNT_UPDATE")

    assert account["m"] == "ORDER"
    assert account["B"] == [{"a": "USDT", "wb": "9999.74000000", "cw": "9999.74000000", "bc": "0"}]
    (position,) = account["P"]
    assert (position["s"], position["pa"], position["ep"], position["ps"]) == ("BTCUSDT", "-0.01", "65000", "BOTH")
    assert (position["bep"], position["mt"], position["ma"]) == ("64974", "cross", "USDT")


def test_hedge_mode_lists_the_empty_both_entry_with_the_side_that_changed() -> None:
    exchange = an_exchange(AccountSpec(dual_side_position=True))
    _, facts = place(exchange, market(BUY, "0.010", position_side=LONG))

    account = next(event.body["a"] for event in events(exchange, facts) if event.name == "ACCOUNT_UPDATE")

    assert [(row["ps"], row["pa"]) for row in account["P"]] == [("BOTH", "0"), ("LONG", "0.01")]


def test_a_transfer_lists_no_position() -> None:
    exchange = an_exchange()
    facts = exchange.transfer(the_account(exchange), "USDT", Decimal(787), "DEPOSIT", NOW)

    (told,) = events(exchange, facts)

    assert (told.body["a"]["m"], told.body["a"]["B"][0]["bc"], told.body["a"]["P"]) == ("DEPOSIT", "787", [])


def test_a_change_of_leverage_is_told() -> None:
    exchange = an_exchange()

    (told,) = events(exchange, change_leverage(exchange, the_account(exchange), "BTCUSDT", 25, NOW))

    assert told.body == {"e": "ACCOUNT_CONFIG_UPDATE", "T": NOW, "E": NOW, "ac": {"s": "BTCUSDT", "l": 25}}


@pytest.mark.parametrize(
    ("cause", "profile", "announced"),
    [
        ("expired", Profile(), True),
        ("expired", Profile(listen_key_expiry="silent"), False),
        ("deleted", Profile(), False),
        ("deleted", Profile(delete_listen_key="announce"), True),
        ("dropped", Profile(), False),
    ],
)
def test_the_end_of_a_listen_key_is_announced_as_the_profile_says(
    cause: Any, profile: Profile, announced: bool
) -> None:
    fact = ListenKeyEnded(account="default", time_ms=NOW, listen_key="K", cause=cause)

    told = events(an_exchange(), [fact], profile)

    assert [event.body for event in told] == [{"e": "listenKeyExpired", "E": NOW, "listenKey": "K"}] * announced
