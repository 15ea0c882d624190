"""A book asks its rules in their order, and each takes what fits it: so often, so long, so probably."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.core.faults.rule import Rule, RuleBook, Sight
from simulator.core.faults.verdict import (
    SIGHTS,
    Corrupt,
    Delay,
    Drip,
    Drop,
    ExecuteThen,
    Hold,
    Lag,
    Pass,
    RefuseThenAccept,
    Reorder,
    Respond,
    Skew,
    Verdict,
)
from simulator.errors import BadFaultError

ORDER = "/fapi/v1/order"


def request(path: str = ORDER, method: str = "POST", **params: str) -> Sight:
    return Sight(what="request", method=method, path=path, params=params, account="alice", event="order.place")


def frame(status: str = "NEW", event: str = "ORDER_TRADE_UPDATE", connection: int = 1) -> Sight:
    order = {"s": "BTCUSDT", "c": "web_1", "i": 77, "X": status, "x": status, "S": "BUY"}
    return Sight(what="frame", event=event, account="alice", connection=connection, body={"e": event, "o": order})


def outcomes(book: RuleBook, sight: Sight, count: int, now_ms: int = 0) -> list[Verdict | None]:
    decided = (book.decide(sight, now_ms) for _ in range(count))
    return [None if found is None else found[1] for found in decided]


def test_the_first_rule_that_takes_a_thing_decides_and_no_later_one_sees_it() -> None:
    book = RuleBook()
    book.install(Rule(on="request", path="/fapi/v1/o*", verdict=Pass(), times=1), 0)
    second = book.install(Rule(on="request", verdict=Drop()), 0)

    assert outcomes(book, request(), 2) == [Pass(), Drop()]
    assert second.hits == 1


@pytest.mark.parametrize(
    "rule",
    [
        Rule(on="request", method="post", path="/fapi/v1/*", verdict=Drop()),
        Rule(on="request", account="al*", symbol="BTC*", verdict=Drop()),
        Rule(on="request", order="web_1", verdict=Drop()),
        Rule(on="request", event="order.place", where={"side": "BUY", "price": "65000"}, verdict=Drop()),
    ],
)
def test_a_request_is_found_by_what_it_asks(rule: Rule) -> None:
    book = RuleBook()
    book.install(rule, 0)
    asked = request(symbol="BTCUSDT", side="BUY", price="65000.0", newClientOrderId="web_1")

    assert outcomes(book, asked, 1) == [Drop()]
    assert outcomes(book, Sight(what="request", method="GET", path="/other"), 1) == [None]


def test_an_order_of_a_batch_is_found_too() -> None:
    book = RuleBook()
    book.install(Rule(on="request", order="b_2", verdict=Drop()), 0)

    batch = '[{"newClientOrderId": "b_1"}, {"newClientOrderId": "b_2"}]'
    assert outcomes(book, request(batchOrders=batch), 1) == [Drop()]
    assert outcomes(book, request(batchOrders="not JSON"), 1) == [None]


@pytest.mark.parametrize(
    "rule",
    [
        Rule(on="frame", event="ORDER_*", status="NEW", verdict=Drop()),
        Rule(on="frame", symbol="BTCUSDT", order="77", execution_type="NEW", verdict=Drop()),
        Rule(on="frame", order="web_*", connection=1, where={"o.S": "BUY"}, verdict=Drop()),
    ],
)
def test_a_frame_is_found_by_what_it_tells(rule: Rule) -> None:
    book = RuleBook()
    book.install(rule, 0)

    assert outcomes(book, frame(), 1) == [Drop()]
    assert outcomes(book, frame("FILLED", "OTHER", connection=2), 1) == [None]


def test_a_response_is_found_by_its_status_and_what_it_says() -> None:
    book = RuleBook()
    book.install(Rule(on="response", status="5*", verdict=Drop()), 0)
    book.install(Rule(on="response", order="12", verdict=Delay(1.0)), 0)

    assert outcomes(book, Sight(what="response", status=503), 1) == [Drop()]
    assert outcomes(book, Sight(what="response", status=200, body={"orderId": 12}), 1) == [Delay(1.0)]
    assert outcomes(book, Sight(what="response", status=200, body={"orderId": 13}), 1) == [None]


def test_a_reply_to_a_control_message_is_taken_only_by_its_name() -> None:
    book = RuleBook()
    book.install(Rule(on="frame", event="*", verdict=Drop()), 0)
    reply = Sight(what="frame", event="LIST_SUBSCRIPTIONS", is_reply=True)
    assert outcomes(book, reply, 1) == [None]

    book.install(Rule(on="frame", event="LIST_SUBSCRIPTIONS", verdict=Delay(1.0)), 0)

    assert outcomes(book, reply, 1) == [Delay(1.0)]


def test_a_rule_begins_with_the_nth_and_is_used_up() -> None:
    book = RuleBook()
    installed = book.install(Rule(on="frame", verdict=Drop(), nth=3, times=2), 0)

    assert outcomes(book, frame(), 6) == [None, None, Drop(), Drop(), None, None]
    assert (installed.hits, installed.left) == (2, 0)
    assert not book.watches("frame")
    assert book.installed == [installed]


def test_a_rule_holds_inside_its_window_alone() -> None:
    book = RuleBook()
    book.install(Rule(on="frame", verdict=Drop(), after_s=2.0, for_s=3.0), 10_000)

    assert [outcomes(book, frame(), 1, now_ms)[0] for now_ms in (11_999, 12_000, 14_999, 15_000)] == [
        None,
        Drop(),
        Drop(),
        None,
    ]
    assert not book.watches("frame")


def test_what_is_drawn_is_the_same_with_the_same_seed() -> None:
    def run(seed: int) -> list[Verdict | None]:
        book = RuleBook(seed)
        book.install(Rule(on="frame", verdict=Drop(), probability=0.3), 0)
        return outcomes(book, frame(), 300)

    assert run(1) == run(1) != run(2)
    assert 60 < run(1).count(Drop()) < 120


def test_what_refuses_first_and_then_accepts_is_used_up_by_its_refusals() -> None:
    book = RuleBook()
    book.install(Rule(on="handshake", verdict=RefuseThenAccept(503, times=2)), 0)

    assert outcomes(book, Sight(what="handshake"), 3) == [Respond(503), Respond(503), None]


def test_a_condition_takes_a_request_away_from_no_other_rule() -> None:
    book = RuleBook()
    book.install(Rule(on="request", path=ORDER, verdict=Lag(orders_s=3.0)), 0)
    skewed = book.install(Rule(on="request", verdict=Skew(-1.5)), 0)
    book.install(Rule(on="request", verdict=Drop()), 0)

    found = book.conditions(request(), 5_000)
    assert found.lag is not None
    assert found.lag.as_of(ORDER, "orders", 5_000) == 2_000
    assert found.skew_ms == -1_500
    assert outcomes(book, request(), 1) == [Drop()]
    assert book.conditions(request("/fapi/v1/time"), 5_000).lag is None
    assert skewed.hits == 2


def test_a_scope_ends_its_rule_and_lets_go_what_it_holds() -> None:
    book = RuleBook()
    released: list[object] = []
    book.on_release = released.append
    with book.install(Rule(on="frame", verdict=Drop()), 0) as installed:
        assert outcomes(book, frame(), 1) == [Drop()]

    assert outcomes(book, frame(), 1) == [None]
    assert released == [installed]
    assert book.installed == []
    assert installed.hits == 1


def test_of_the_used_up_rules_the_last_are_shown_and_every_one_that_holds_frames() -> None:
    book = RuleBook()
    released: list[object] = []
    book.on_release = released.append
    holding = book.install(Rule(on="frame", verdict=Hold(), times=1), 0)
    outcomes(book, frame(), 1)
    for _ in range(150):
        book.install(Rule(on="frame", verdict=Drop(), times=1), 0)
        outcomes(book, frame(), 1)

    assert [found.number for found in book.installed] == [1, *range(52, 152)]
    book.release_held()
    assert (released, book.find(1)) == ([holding], None)


def test_a_cleared_book_decides_nothing_and_goes_on_numbering() -> None:
    book = RuleBook()
    first = book.install(Rule(on="frame", verdict=Drop()), 0)
    book.install(Rule(on="request", verdict=Lag(orders_s=1.0)), 0)
    book.clear()

    assert book.installed == []
    assert not any(book.watches(what) for what in SIGHTS)
    assert book.install(Rule(on="frame", verdict=Drop()), 0).number == first.number + 2


@pytest.mark.parametrize(
    ("rule", "mistakes"),
    [
        (Rule(on="frame", verdict=Lag()), ["verdict: a frame cannot suffer lag: there are pass, "]),
        (
            Rule(on="ping", verdict=Drop(), path="/x", nth=0),
            ["path: a ping has none", "nth: expected 1 or more, got 0"],
        ),
        (Rule(on="request", verdict=Delay(-1)), ["verdict.seconds: expected seconds, from 0 to 10^9, got -1"]),
        (Rule(on="request", verdict=Drop(), probability=1.5), ["probability: expected a number from 0 to 1, got 1.5"]),
        (Rule(on="frame", verdict=Drop(), nth=1.5, times=True), ["nth: expected 1 or more", "times: expected 1 or "]),  # type: ignore[arg-type]  # as untyped code has it
        (Rule(on="frame", verdict=Drop(), where={"o.i": 5}), ["where: expected names and values that are texts"]),  # type: ignore[dict-item]  # as above
        (Rule(on="frame", verdict=Reorder(of="its")), ["verdict.of: expected one of its_type, other_types, got 'its'"]),  # type: ignore[arg-type]  # as above
        (Rule(on="frame", verdict=Corrupt("torn")), ["verdict.how: expected one of truncated, "]),  # type: ignore[arg-type]  # as above
        (Rule(on="request", verdict=ExecuteThen(Hold())), ["verdict.verdict: what was executed cannot suffer hold: "]),  # type: ignore[arg-type]  # as above
        (Rule(on="ping", verdict=Drop(), event="snet"), ['event: expected one of sent, received, got "snet"']),
        (Rule(on="handshake", verdict=Drop(), event="rest"), ["event: expected one of user_stream, market_stream, "]),
        (Rule(on="request", verdict=Drop(), method="PSOT"), ["method: expected one of GET, POST, PUT, DELETE, "]),
        (
            Rule(on="request", verdict=ExecuteThen(Respond(503, headers={"X-A": "a\nSet-Cookie: b"}))),
            ["verdict.verdict.headers: expected names and values without line breaks, got X-A"],
        ),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_all_that_is_wrong(rule: Rule, mistakes: list[str]) -> None:
    with pytest.raises(BadFaultError) as caught:
        RuleBook().install(rule, 0)

    assert len(caught.value.mistakes) == len(mistakes)
    assert all(got.startswith(want) for got, want in zip(caught.value.mistakes, mistakes, strict=True))


@pytest.mark.parametrize(
    "rule",
    [
        Rule(on="connection", verdict=Drip(1), event="*_stream"),
        Rule(on="request", verdict=Drop(), method="post"),
        Rule(on="response", verdict=Drop(), method="P*"),
        Rule(on="request", verdict=Drop(), event="order.place"),
    ],
)
def test_what_fits_something_that_there_is_can_be_installed(rule: Rule) -> None:
    assert RuleBook().install(rule, 0).rule == rule


def test_a_rule_that_names_a_listen_key_does_not_show_it() -> None:
    key = "a" * 64
    rule = Rule(on="handshake", verdict=Drop(), path=f"/ws/{key}", where={"listenKey": key})

    assert key not in repr(RuleBook().install(rule, 0))


def test_a_rule_about_nothing_that_exists_is_refused() -> None:
    elephant: Any = "elephant"

    with pytest.raises(BadFaultError, match="on: expected one of request, response"):
        RuleBook().install(Rule(on=elephant, verdict=Drop()), 0)
