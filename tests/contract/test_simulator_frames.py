"""Every frame that the simulator sends has the keys and types of the captured or documented one."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from simulator import AccountSpec, Profile, perpetual
from simulator.core.accounts.margin_modes import change_leverage
from simulator.core.domain import BUY, SELL
from simulator.core.facts import Fact
from simulator.core.streams.stream_events import user_events
from simulator.core.streams.stream_target import read_target
from simulator.core.streams.subscriptions import Subscriptions
from simulator.core.trading.orders import OrderIntent
from simulator.core.venue import Venue
from tests.contract.shape import fixture, shape, without
from tests.simulator.core.small_markets import NOW, a_venue, limit, market, place, resting, the_account

EXPIRY_REASON = "er"
"""Since 2025-10; captures before it lack the key."""


def frames(venue: Venue, facts: list[Fact]) -> list[dict[str, Any]]:
    return [event.body for event in user_events(facts, venue.exchange.symbols, Profile())]


def order_frame(venue: Venue, facts: list[Fact], execution_type: str) -> dict[str, Any]:
    bodies = frames(venue, facts)
    return next(body for body in bodies if body["e"] == "ORDER_TRADE_UPDATE" and body["o"]["x"] == execution_type)


def new_order(intent: OrderIntent, execution_type: str) -> dict[str, Any]:
    venue = a_venue()
    _, facts = place(venue.exchange, intent)
    return order_frame(venue, facts, execution_type)


def scripted_fill(quantity: str) -> dict[str, Any]:
    venue = a_venue()
    order = resting(venue.exchange)
    return order_frame(venue, venue.exchange.fill(order, Decimal(quantity), order.price, NOW), "TRADE")


def cancelled() -> dict[str, Any]:
    venue = a_venue()
    return order_frame(venue, [venue.exchange.cancel(resting(venue.exchange), NOW)], "CANCELED")


def amended() -> dict[str, Any]:
    venue = a_venue()
    order = resting(venue.exchange)
    _, facts = venue.exchange.amend(order, quantity=Decimal("0.020"), price=order.price, modify_id="44444", now_ms=NOW)
    return order_frame(venue, facts, "AMENDMENT")


ORDER_FRAMES: dict[str, Callable[[], dict[str, Any]]] = {
    "order_trade_update_new_limit_live_2026": lambda: new_order(limit(BUY, "0.010", "60000"), "NEW"),
    "order_trade_update_new_market_live": lambda: new_order(market(BUY, "0.010"), "NEW"),
    "order_trade_update_partial": lambda: scripted_fill("0.004"),
    "order_trade_update_filled": lambda: scripted_fill("0.010"),
    "order_trade_update_canceled": cancelled,
    "order_trade_update_amendment": amended,
    "order_trade_update_gtd": lambda: new_order(
        limit(BUY, "0.010", "60000", time_in_force="GTD", good_till_ms=NOW + 3_600_000), "NEW"
    ),
    "order_trade_update_expired_ioc": lambda: new_order(limit(BUY, "0.010", "60000", time_in_force="IOC"), "EXPIRED"),
}


@pytest.mark.parametrize("name", ORDER_FRAMES)
def test_an_order_update_has_the_shape_of_its_sample(name: str) -> None:
    assert shape(ORDER_FRAMES[name]()) == shape(fixture(f"events/{name}.json"))


@pytest.mark.parametrize("name", ORDER_FRAMES)
def test_an_order_update_has_its_keys_in_the_captured_order(name: str) -> None:
    captured = list(fixture("events/order_trade_update_new_limit_live_2026.json")["o"])
    sent = [key for key in ORDER_FRAMES[name]()["o"] if key != "M"]

    assert sent == captured


def market_close() -> list[dict[str, Any]]:
    venue = a_venue()
    place(venue.exchange, market(BUY, "0.002"))
    _, facts = place(venue.exchange, market(SELL, "0.002", reduce_only=True))
    return frames(venue, facts)


def taker_limit() -> list[dict[str, Any]]:
    venue = a_venue()
    _, facts = place(venue.exchange, limit(BUY, "0.002", "65000"))
    return frames(venue, facts)


@pytest.mark.parametrize(
    ("name", "sent"),
    [("sequence_market_close_live_2024", market_close), ("sequence_taker_limit_open_live_2024", taker_limit)],
)
def test_a_match_is_told_in_the_captured_sequence(name: str, sent: Any) -> None:
    captured = fixture(f"events/{name}.json")

    told = without(sent(), EXPIRY_REASON)

    assert [frame["e"] for frame in told] == [frame["e"] for frame in captured]
    assert [shape(frame) for frame in told] == [shape(frame) for frame in captured]
    assert len({(frame["T"], frame["E"]) for frame in told}) == 1


def test_a_maker_fill_is_told_in_the_captured_sequence_after_its_trade_lite() -> None:
    captured = [frame["e"] for frame in fixture("events/sequence_maker_fill_live_2022_pre_trade_lite.json")]
    venue = a_venue()
    order, accepted = place(venue.exchange, limit(BUY, "0.003", "60000"))
    filled = venue.exchange.fill(order, order.remaining, order.price, NOW)

    told = [frame["e"] for frame in frames(venue, [*accepted, *filled]) if frame["e"] != "TRADE_LITE"]

    assert told == captured


def solana() -> list[dict[str, Any]]:
    """Return what was captured live on 2026-02-23: 0.1 SOL bought at 80.19."""
    venue = Venue(
        accounts=(AccountSpec(),),
        symbols=(perpetual("SOLUSDT", "80.19", "0.0100", "0.01"),),
        profile=Profile(),
        listen_key_lifetime_ms=1,
        seed=0,
    )
    _, facts = place(venue.exchange, market(BUY, "0.10", symbol="SOLUSDT"))
    return frames(venue, facts)


def test_the_captured_trade_lite_is_sent_digit_by_digit() -> None:
    captured = fixture("events/trade_lite_live.json")

    assert without(solana()[0], "E", "T", "c", "t", "i") == without(captured, "E", "T", "c", "t", "i")


def test_the_captured_account_update_is_sent_digit_by_digit_but_for_another_fee_and_past() -> None:
    captured = fixture("events/account_update_order_live.json")["a"]
    sent = solana()[2]["a"]

    assert shape(sent) == shape(captured)
    assert without(sent["P"][0], "cr", "bep") == without(captured["P"][0], "cr", "bep")


def test_a_transfer_has_the_shape_of_the_captured_deposit() -> None:
    venue = a_venue()
    facts = venue.exchange.transfer(the_account(venue.exchange), "USDT", Decimal(787), "DEPOSIT", NOW)

    (sent,) = frames(venue, facts)

    captured = fixture("events/account_update_deposit_live.json")["data"]
    assert shape(sent) == shape(captured)
    assert without(sent["a"], "wb", "cw", "a") == without(captured["a"], "wb", "cw", "a")


def test_a_change_of_leverage_has_the_shape_of_its_sample() -> None:
    venue = a_venue()
    facts = change_leverage(venue.exchange, the_account(venue.exchange), "BTCUSDT", 25, NOW)

    assert shape(frames(venue, facts)[0]) == shape(fixture("events/account_config_update_leverage.json"))


def test_the_end_of_a_listen_key_has_the_shape_of_its_sample() -> None:
    venue = a_venue()
    venue.listen_keys.issue("default", NOW)

    (sent,) = frames(venue, venue.end_listen_key("default", "expired", NOW))

    assert shape(sent) == shape(fixture("events/listen_key_expired.json"))


def test_the_list_of_subscriptions_is_the_measured_one() -> None:
    measured = fixture("events/list_subscriptions_reply_private.json")
    events = "/".join(name.partition("@")[2] for name in reversed(measured["result"]))
    target = read_target("/private/ws", f"listenKey=%3ClistenKey%3E&events={events}")
    assert target is not None

    reply = Subscriptions(target, (), "wrapped").answer(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": 1}))

    assert reply == measured
