"""What requests cost, and how a minute fills."""

from __future__ import annotations

import pytest

from simulator.core.rest.endpoints import ROUTES
from user_stream.core.request_weight import MINUTE_MS, WeightWindow, weight_of

NOON = 1_700_049_600_000
ASKED = [
    *((method, f"/fapi/v1/{path}") for path in ("order", "algoOrder") for method in ("GET", "POST", "DELETE")),
    *((method, "/fapi/v1/listenKey") for method in ("POST", "PUT", "DELETE")),
    *(("GET", f"/fapi/v1/{path}") for path in (
        "time", "openOrders", "allOrders", "userTrades", "openAlgoOrders", "income", "positionSide/dual",
        "multiAssetsMargin",
    )),
    ("PUT", "/fapi/v1/order"),
    ("DELETE", "/fapi/v1/allOpenOrders"),
    ("DELETE", "/fapi/v1/algoOpenOrders"),
    ("GET", "/fapi/v3/positionRisk"),
    ("GET", "/fapi/v3/balance"),
]  # fmt: skip
"""Every endpoint that the library asks."""


def test_weights_are_those_of_the_simulators_endpoints_which_were_written_apart_from_them() -> None:
    for method, path in ASKED:
        for params in ({}, {"symbol": "BTCUSDT"}):
            assert weight_of(method, path, params) == ROUTES[method, path].weigh(params), (method, path, params)


@pytest.mark.parametrize(
    ("path", "one", "every"), [("openOrders", 1, 40), ("income", 30, 30), ("userTrades", 5, 5), ("order", 1, 1)]
)
def test_a_question_about_all_symbols_may_weigh_more(path: str, one: int, every: int) -> None:
    assert weight_of("GET", f"/fapi/v1/{path}", {"symbol": "BTCUSDT"}) == one
    assert weight_of("GET", f"/fapi/v1/{path}", {}) == every


def test_a_request_under_way_counts_until_its_answer_says_more() -> None:
    window = WeightWindow()
    minute = window.sent(40, NOON)
    assert window.used(NOON) == 40

    window.ended(40, minute, 55, NOON)

    assert window.used(NOON) == 55


def test_a_request_without_an_answer_counts_for_what_it_weighs() -> None:
    window = WeightWindow()

    window.ended(40, window.sent(40, NOON), None, NOON)

    assert window.used(NOON) == 40


def test_a_count_that_arrives_out_of_order_takes_nothing_back() -> None:
    window = WeightWindow()
    first, second = window.sent(5, NOON), window.sent(5, NOON)
    window.ended(5, second, 10, NOON)

    window.ended(5, first, 5, NOON)

    assert window.used(NOON) == 10


def test_a_new_minute_is_empty_but_for_what_is_under_way() -> None:
    window = WeightWindow()
    window.ended(100, window.sent(100, NOON), 100, NOON)
    minute = window.sent(30, NOON + MINUTE_MS - 1)
    assert window.used(NOON + MINUTE_MS) == 30

    window.ended(30, minute, 130, NOON + MINUTE_MS)

    assert window.used(NOON + MINUTE_MS) == 30


def test_a_clock_that_is_set_back_does_not_freeze_the_window() -> None:
    """Row 22: until the exchange's clock was read, ours may have been hours ahead."""
    window = WeightWindow()
    window.ended(1200, window.sent(1200, NOON + 60 * MINUTE_MS), 1200, NOON + 60 * MINUTE_MS)

    assert window.used(NOON) == 0
