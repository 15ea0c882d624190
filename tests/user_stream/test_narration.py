"""What a person reads while the command runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from user_stream.core.decode import decode_event
from user_stream.core.events import AccountUpdate, OrderTradeUpdate, TradeLite
from user_stream.core.lifecycle import (
    CallbackFailed,
    Connecting,
    Degraded,
    FrameRefused,
    GapOpened,
    GapRepaired,
    ListenKeyKept,
    Live,
    Notice,
    OrderLost,
    ShortfallDeclared,
    Stopped,
    Synchronizing,
)
from user_stream.core.mapping import map_account_update, map_order_update
from user_stream.core.repair_report import RecoveredPosition, RepairReport
from user_stream.narration import Line, account_line, notice_line, order_line, print_form

EVENTS = Path(__file__).parents[2] / "fixtures" / "events"
NOON_MS = 1_700_049_600_000
"""12:00:00 UTC."""


def order_update(name: str) -> OrderTradeUpdate:
    event = decode_event((EVENTS / name).read_bytes())
    assert isinstance(event, OrderTradeUpdate)
    return event


def account_update(name: str) -> AccountUpdate:
    event = decode_event((EVENTS / name).read_bytes())
    assert isinstance(event, AccountUpdate)
    return event


def test_a_new_order_is_one_line_with_what_was_asked_and_where_it_stands() -> None:
    update = map_order_update(order_update("order_trade_update_new_limit_live_2026.json"))

    line = order_line(update)

    assert line.kind == "order"
    assert line.time_ms == update["order_trade_time"]
    for word in (update["symbol"], update["side"], "LIMIT", "NEW", update["client_order_id"]):
        assert word in line.text


def test_a_fill_says_how_much_at_what_price_and_how_far_the_order_is() -> None:
    update = map_order_update(order_update("order_trade_update_partial.json"))
    update |= {
        "last_filled_qty": "0.0040",
        "last_filled_price": "64000.10",
        "accumulated_filled_qty": "0.006",
        "orig_qty": "0.010",
        "trade_id": 77,
        "is_maker": True,
        "commission": "-0.001200",
        "commission_asset": "USDT",
    }

    line = order_line(update)

    assert line.kind == "fill"
    assert "0.004 at 64000.1, 0.006 of 0.01 PARTIALLY_FILLED" in line.text
    assert line.text.endswith("trade 77 maker  commission -0.0012 USDT")


def test_a_fill_without_a_trade_id_is_still_a_fill() -> None:
    update = map_order_update(order_update("order_trade_update_partial.json"))

    assert order_line(update | {"trade_id": 0, "last_filled_qty": "1"}).kind == "fill"


def test_what_rest_told_is_marked() -> None:
    update = map_order_update(order_update("order_trade_update_canceled.json"))

    assert order_line(update | {"source": "rest"}).text.endswith("(read over REST)")
    assert "REST" not in order_line(update).text


def test_an_account_line_has_the_reason_and_what_the_account_is_now() -> None:
    update = map_account_update(account_update("account_update_order_live.json"))

    line = account_line(update, now_ms=5)

    assert line.kind == "account"
    assert line.text.startswith("ORDER: ")
    for balance in update["balances"]:
        assert balance["asset"] in line.text
    for position in update["positions"]:
        assert position["symbol"] in line.text


def test_a_closed_position_is_zero_and_a_side_is_named_in_hedge_mode_only() -> None:
    update = map_account_update(account_update("account_update_order_live.json"))
    update["balances"] = []
    one_way = update["positions"][0] | {"symbol": "BTCUSDT", "position_side": "BOTH", "position_amount": "0.000"}
    hedged = one_way | {"position_side": "SHORT", "position_amount": "-0.100", "entry_price": "64000.50"}
    update["positions"] = [one_way, hedged]

    assert account_line(update, now_ms=5).text == "ORDER: BTCUSDT 0, BTCUSDT SHORT -0.1 at 64000.5"


def test_a_patch_of_nothing_says_so() -> None:
    update = map_account_update(account_update("account_update_order_live.json"))

    assert account_line(update | {"balances": [], "positions": []}, now_ms=5).text == "ORDER: nothing changed"


@pytest.mark.parametrize(
    ("notice", "kind", "text"),
    [
        (Connecting(1, 1), "stream", "connecting"),
        (Connecting(2, 3), "stream", "connecting, attempt 3"),
        (Synchronizing(1), "stream", "connected, reading orders, positions and balances"),
        (Live(1, proven=False), "stream", "live, but nothing proves yet that events come"),
        (Live(1, proven=True), "stream", "live"),
        (Degraded(NOON_MS, "cut", 1.25), "stream", "down (cut), trying again in 1.2 s"),
        (Stopped(""), "stream", "stopped"),
        (Stopped("wrong key"), "stream", "stopped: wrong key"),
        (
            GapOpened(NOON_MS + 1, "cut"),
            "gap",
            "opened: what happened since 2023-11-15 12:00:00.001 may be missing (cut)",
        ),
        (GapRepaired(NOON_MS, NOON_MS), "gap", "repair confirmed: nothing had been missed, and no more"),
        (
            GapRepaired(NOON_MS, NOON_MS, RepairReport(positions=(RecoveredPosition("BTCUSDT", "BOTH", "1"),))),
            "gap",
            "repair confirmed: 1 position had been missed, and no more",
        ),
        (
            GapRepaired(NOON_MS, NOON_MS, provisional=True),
            "gap",
            "repaired: nothing had been missed, as far as REST shows it yet",
        ),
        (FrameRefused("no JSON"), "error", "a frame could not be read: no JSON; asking over REST"),
        (CallbackFailed("on_fill", ValueError("its text is the engine's own")), "error", "on_fill raised ValueError"),
        (OrderLost("us-1"), "error", "order us-1 is known to nobody; it may still fill"),
        (
            ShortfallDeclared(("BTCUSDT", "9")),
            "error",
            "order 9 of BTCUSDT has fills that could not be found in time",
        ),
    ],
)
def test_each_notice_is_one_line(notice: Notice, kind: str, text: str) -> None:
    line = notice_line(notice, now_ms=NOON_MS)

    assert line is not None
    assert (line.time_ms, line.kind, line.text) == (NOON_MS, kind, text)


def test_what_order_and_account_lines_tell_is_not_told_twice() -> None:
    lite = TradeLite(symbol="BTCUSDT", order_id=1, trade_id=1, last_filled_quantity="1", last_filled_price="1")
    for event in (
        order_update("order_trade_update_partial.json"),
        account_update("account_update_order_live.json"),
        lite,
        ListenKeyKept(1),
    ):
        assert notice_line(event, now_ms=NOON_MS) is None


def test_other_events_are_named_and_their_contents_kept_back() -> None:
    expired = decode_event(b'{"e":"listenKeyExpired","E":1,"listenKey":"thekeythatnobodymaysee"}')
    unknown = decode_event(b'{"e":"BRAND_NEW","secret":"x"}')

    assert notice_line(expired, now_ms=NOON_MS) == Line(NOON_MS, "event", "listenKeyExpired")
    assert notice_line(unknown, now_ms=NOON_MS) == Line(NOON_MS, "event", "BRAND_NEW (not known to this version)")


def test_a_line_stays_one_line_whatever_the_exchange_wrote_into_it() -> None:
    time, kind, text = print_form(Line(NOON_MS, "gap", "closed: \x1b[2J\r\nfill  BTCUSDT"))

    assert (time, kind) == ("12:00:00.000", "gap    ")
    assert text.isprintable()
