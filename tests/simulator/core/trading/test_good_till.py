"""Orders end when their date has come, at the latest after a year."""

from __future__ import annotations

from simulator.core.domain import BUY
from simulator.core.trading.good_till import YEAR_MS, GoodTill
from simulator.core.trading.orders import Order, accept
from tests.simulator.core.small_markets import NOW, an_exchange, limit, resting, told


def an_order(number: int, date_ms: int = 0) -> Order:
    intent = limit(BUY, "1", "100", good_till_ms=date_ms)
    return accept(intent, account="a", order_id=number, client_order_id="", time_ms=NOW)


def test_a_gtc_order_ends_after_a_year() -> None:
    exchange = an_exchange()
    resting(exchange)

    assert exchange.next_deadline_ms() == NOW + YEAR_MS
    assert told(exchange.advance(NOW + YEAR_MS - 1)) == []
    assert told(exchange.advance(NOW + YEAR_MS)) == ["EXPIRED 0"]
    assert exchange.next_deadline_ms() is None


def test_the_earliest_date_is_next() -> None:
    dates = GoodTill()
    dates.note(an_order(1, NOW + 20))
    dates.note(an_order(2, NOW + 10))

    assert dates.next_deadline_ms() == NOW + 10
    assert dates.due(NOW + 9) is None
    assert dates.due(NOW + 10) == ("a", 2)


def test_an_order_that_ended_has_no_date() -> None:
    dates = GoodTill()
    dates.note(an_order(1, NOW + 10))
    dates.forget(1)

    assert dates.next_deadline_ms() is None


def test_dates_of_orders_that_ended_do_not_pile_up() -> None:
    dates = GoodTill()
    dates.note(an_order(0, NOW + 1))
    for number in range(1, 10_000):
        dates.note(an_order(number))
        dates.forget(number)

    assert len(dates._dates) < 3_000  # noqa: SLF001  what must not grow cannot be seen
