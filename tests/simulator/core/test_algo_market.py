"""Which prices conditional orders look at, what the book makes of their children, and what a closed symbol of both."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator import AccountSpec, MarketTerms, Profile, VenueError
from simulator.core.market.listing import set_status
from simulator.core.venue import Venue
from tests.simulator.core.conditional_orders import Bench
from tests.simulator.core.small_markets import BTC, HOUR


def refusal_of(bench: Bench, algo_type: str, side: str, name: str, **terms: object) -> int:
    with pytest.raises(VenueError) as refused:
        bench.place(algo_type, side, name, **terms)
    return refused.value.code


@pytest.mark.parametrize(("working_type", "triggers_on"), [("MARK_PRICE", "mark"), ("CONTRACT_PRICE", "last")])
def test_an_order_looks_at_the_price_that_it_names(working_type: str, triggers_on: str) -> None:
    bench = Bench()
    bench.place("STOP_MARKET", "BUY", triggerPrice="66000", workingType=working_type)
    bench.said()
    exchange, price = bench.venue.exchange, Decimal(66100)

    bench.tell(exchange.set_mark("BTCUSDT", price, price, bench.now_ms))

    assert (bench.status() == "TRIGGERING") is (triggers_on == "mark")
    bench.move("66000")
    assert bench.status() == "TRIGGERING"


def test_a_protected_order_waits_while_last_and_mark_price_are_far_apart() -> None:
    bench = Bench()
    bench.place("STOP_MARKET", "BUY", triggerPrice="66000", priceProtect="true", workingType="MARK_PRICE")
    exchange, far, near = bench.venue.exchange, Decimal(70000), Decimal(66000)

    bench.tell(exchange.set_mark("BTCUSDT", far, far, bench.now_ms))
    assert bench.status() == "NEW"
    bench.tell(exchange.set_mark("BTCUSDT", near, near, bench.now_ms))

    assert bench.status() == "TRIGGERING"


def test_a_price_match_is_resolved_when_the_order_triggers() -> None:
    bench = Bench()
    algo = bench.place("STOP", "BUY", triggerPrice="66000", priceMatch="QUEUE")
    assert (algo["priceMatch"], algo["price"]) == ("QUEUE", "0.00")
    assert bench.fields("NEW")["pm"] == "QUEUE"

    bench.move("66000")

    (child,) = bench.ask("GET openOrders", symbol="BTCUSDT")
    best = bench.venue.exchange.best("BTCUSDT").bid
    assert (child["priceMatch"], child["price"]) == ("QUEUE", f"{best:.2f}")


def test_an_order_is_expired_at_its_date_and_the_venue_knows_when() -> None:
    bench = Bench()
    date_ms = (bench.now_ms + 700_000) // 1000 * 1000
    bench.place("STOP", "BUY", triggerPrice="66000", price="66000", timeInForce="GTD", goodTillDate=date_ms)
    assert bench.venue.next_deadline_ms() == date_ms

    bench.wait(700_000)

    assert bench.status() == "EXPIRED"
    assert bench.venue.next_deadline_ms() is None


def test_only_the_orders_of_accounts_and_symbols_that_something_happened_to_are_looked_at() -> None:
    other = AccountSpec(name="other", api_key="o" * 64)
    bench = Bench(AccountSpec(), other)
    bench.place("STOP_MARKET", "BUY", triggerPrice="66000")
    bench.tell([])
    bench.venue.exchange.prices["ETHUSDT"] += 1

    assert bench.venue.algos.follow(bench.now_ms, ["other"]) == []
    assert bench.venue.algos.follow(bench.now_ms, []) == []


@pytest.mark.parametrize("switch", ["absent", "present"])
def test_whether_a_trailing_stop_tells_its_terms_is_a_switch(switch: str) -> None:
    """U12 of the protocol's open questions."""
    bench = Bench(algo_trailing_terms=switch)
    bench.place("TRAILING_STOP_MARKET", "SELL", callbackRate="1.5", activatePrice="66000")

    told = {name: value for name, value in bench.fields("NEW").items() if name in {"AP", "cr"}}

    assert told == ({"AP": "66000", "cr": "1.5"} if switch == "present" else {})


def test_orders_on_a_symbol_whose_trading_is_over_expire_and_no_more_are_taken() -> None:
    bench = Bench()
    bench.place("STOP_MARKET", "BUY", "stop", triggerPrice="66000")
    bench.place("TRAILING_STOP_MARKET", "SELL", "trailing", callbackRate="1")
    bench.said()

    bench.tell(set_status(bench.venue.exchange, "BTCUSDT", "SETTLING", bench.now_ms))

    assert bench.fields("EXPIRED")["rm"] == "Symbol is closed."
    assert bench.said() == ["stop EXPIRED", "trailing EXPIRED"]
    assert refusal_of(bench, "STOP_MARKET", "BUY", "b", triggerPrice="66000") == -4141
    bench.tell(set_status(bench.venue.exchange, "BTCUSDT", "PENDING_TRADING", bench.now_ms))
    assert refusal_of(bench, "STOP_MARKET", "BUY", "b", triggerPrice="66000") == -4140


def test_in_a_book_a_takers_trade_moves_the_last_price_and_triggers_the_stops_it_meets() -> None:
    venue = Venue(
        accounts=[AccountSpec(balance="1000000")],
        symbols=(BTC,),
        profile=Profile(),
        listen_key_lifetime_ms=HOUR,
        seed=0,
        market=MarketTerms(liquidity="book"),
    )
    bench = Bench()
    bench.venue = venue
    deep = venue.exchange.levels("BTCUSDT", "SELL")[4].price
    quantity = sum((level.quantity for level in venue.exchange.levels("BTCUSDT", "SELL", 5)), Decimal(0))
    bench.place("STOP_MARKET", "BUY", "last", triggerPrice=deep, quantity="0.010")
    bench.place("STOP_MARKET", "BUY", "mark", triggerPrice=deep, quantity="0.010", workingType="MARK_PRICE")

    bench.ask("POST order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity=quantity)
    bench.wait()

    assert (bench.status("last"), bench.status("mark")) == ("FINISHED", "NEW")


def test_a_childs_limit_obeys_the_book_and_its_parent_is_triggered_until_it_ends() -> None:
    bench = Bench()
    bench.place("TAKE_PROFIT", "SELL", triggerPrice="66000", price="66500")
    bench.move("66000")
    bench.wait()
    (child,) = bench.ask("GET openOrders", symbol="BTCUSDT")
    assert (bench.status(), child["type"], child["price"]) == ("TRIGGERED", "LIMIT", "66500.00")

    bench.move("66500")

    assert bench.status() == "FINISHED"
    assert bench.ask("GET order", symbol="BTCUSDT", orderId=child["orderId"])["status"] == "FILLED"


@pytest.mark.parametrize(
    ("time_in_force", "price", "why"), [("GTX", "66000", "maker"), ("FOK", "65000", "immediately")]
)
def test_a_child_that_the_book_refuses_rejects_its_parent(time_in_force: str, price: str, why: str) -> None:
    bench = Bench()
    bench.place("STOP", "BUY", triggerPrice="66000", price=price, timeInForce=time_in_force)
    bench.move("66000")

    assert bench.status() == "REJECTED"
    assert why in bench.fields("REJECTED")["rm"]
