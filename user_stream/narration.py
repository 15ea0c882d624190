"""What happens to an account, as lines for a person to read.

One line per happening: its time (UTC), its kind, and what it was. The kinds are few and fixed, so that a reader, or
`grep`, finds what it looks for: `stream`, `gap`, `order`, `fill`, `account`, `event`, `error`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from user_stream.contracts import MappedAccountUpdate, MappedOrderUpdate
from user_stream.core.events import AccountUpdate, ControlReply, Event, OrderTradeUpdate, RawEvent, TradeLite
from user_stream.core.lifecycle import (
    AccountModeKnown,
    CallbackFailed,
    CallbackSlow,
    Connecting,
    ConnectionLost,
    Degraded,
    FrameRefused,
    GapOpened,
    GapRepaired,
    GapUnprovable,
    JournalDamaged,
    LeaseAging,
    ListenKeyKept,
    Live,
    Notice,
    OrderLost,
    PositionUnexplained,
    PositionUnprotected,
    ShortfallDeclared,
    Stopped,
    Synchronizing,
    VenueReset,
)

__all__ = ["Kind", "Line", "account_line", "notice_line", "order_line", "print_form"]

Kind: TypeAlias = Literal["stream", "gap", "order", "fill", "account", "event", "error"]


@dataclass(frozen=True, slots=True)
class Line:
    """One happening: `time_ms` since 1970, the kind, and what it was."""

    time_ms: int
    kind: Kind
    text: str


def print_form(line: Line) -> tuple[str, str, str]:
    """Return the line's three columns. What cannot be printed is replaced: exchange and engine write parts of it."""
    time = datetime.fromtimestamp(line.time_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    text = "".join(character if character.isprintable() else "�" for character in line.text)
    return time, f"{line.kind:<7}", text


def order_line(update: MappedOrderUpdate) -> Line:
    """Return the line of a step in an order's life: a fill if it brings one."""
    origin = "  (read over REST)" if update["source"] == "rest" else ""
    if Decimal(update["last_filled_qty"]):
        return Line(update["order_trade_time"], "fill", f"{_fill(update)}{origin}")
    return Line(update["order_trade_time"], "order", f"{_order(update)}{origin}")


def _fill(update: MappedOrderUpdate) -> str:
    words = [
        f"{update['symbol']} {update['side']} {_amount(update['last_filled_qty'])}",
        f"at {_amount(update['last_filled_price'])},",
        f"{_amount(update['accumulated_filled_qty'])} of {_amount(update['orig_qty'])}",
        f"{update['order_status']}  {update['client_order_id']}  trade {update['trade_id']}",
        "maker" if update["is_maker"] else "taker",
    ]
    if update["commission_asset"]:
        words.append(f" commission {_amount(update['commission'])} {update['commission_asset']}")
    return " ".join(words)


def _order(update: MappedOrderUpdate) -> str:
    words = [update["symbol"], update["side"], update["order_type"], _amount(update["orig_qty"])]
    if Decimal(update["price"]):
        words.append(f"at {_amount(update['price'])}")
    words.append(f"{update['order_status']} ")
    words.append(update["client_order_id"])
    return " ".join(word for word in words if word)


def account_line(update: MappedAccountUpdate, *, now_ms: int) -> Line:
    """Return the line of a patch of the account: the balances and the positions after it.

    `now_ms` stands in for the time of a snapshot in which nothing has a time yet.
    """
    changes = [f"{balance['asset']} {_amount(balance['wallet_balance'])}" for balance in update["balances"]]
    for position in update["positions"]:
        side = "" if position["position_side"] == "BOTH" else f" {position['position_side']}"
        amount = _amount(position["position_amount"])
        price = "" if amount == "0" else f" at {_amount(position['entry_price'] or '0')}"
        changes.append(f"{position['symbol']}{side} {amount}{price}")
    text = f"{update['reason']}: {', '.join(changes) or 'nothing changed'}"
    return Line(update["transaction_time"] or now_ms, "account", text)


def notice_line(item: Event | Notice, *, now_ms: int) -> Line | None:
    """Return the line of a notice or an event; None for what an order or account line tells already."""
    kind: Kind
    match item:
        case OrderTradeUpdate() | TradeLite() | AccountUpdate() | ControlReply() | ListenKeyKept():
            return None
        case Connecting() | Synchronizing() | Live() | Degraded() | Stopped():
            kind, text = "stream", _state(item)
        case GapOpened() | GapRepaired():
            kind, text = "gap", _gap(item)
        case FrameRefused() | CallbackFailed() | OrderLost() | ShortfallDeclared() | CallbackSlow() | JournalDamaged():
            kind, text = "error", _failure(item)
        case GapUnprovable() | VenueReset() | ConnectionLost() | LeaseAging():
            kind, text = "stream", _trouble(item)
        case AccountModeKnown() | PositionUnexplained() | PositionUnprotected():
            kind, text = "error" if isinstance(item, PositionUnprotected) else "account", _account(item)
        case RawEvent(event_type=name):
            kind, text = "event", f"{name} (not known to this version)"
        case _:
            kind, text = "event", str(item.__struct_config__.tag)
    return Line(now_ms, kind, text)


def _state(state: Connecting | Synchronizing | Live | Degraded | Stopped) -> str:
    match state:
        case Connecting(attempt=attempt):
            return "connecting" if attempt == 1 else f"connecting, attempt {attempt}"
        case Synchronizing():
            return "connected, reading orders, positions and balances"
        case Live(proven=True):
            return "live"
        case Live():
            return "live, but nothing proves yet that events come"
        case Degraded(cause=cause, retry_in_s=wait):
            return f"down ({cause}), trying again in {wait:.1f} s" if wait else f"degraded ({cause})"
        case Stopped(cause=cause):
            return f"stopped: {cause}" if cause else "stopped"


def _moment(time_ms: int) -> str:
    """Return a moment with its day: a gap may be days old."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")


def _gap(notice: GapOpened | GapRepaired) -> str:
    if isinstance(notice, GapOpened):
        since = _moment(notice.since)
        return f"opened: what happened since {since} may be missing ({notice.cause})"
    if notice.provisional:
        return f"repaired: {notice.report} had been missed, as far as REST shows it yet"
    return f"repair confirmed: {notice.report} had been missed, and no more"


def _trouble(notice: GapUnprovable | VenueReset | ConnectionLost | LeaseAging) -> str:
    match notice:
        case GapUnprovable(since=since, until=until, what=what):
            period = f"from {_moment(since)} to {_moment(until)}"
            return f"{what} {period} are older than what the exchange keeps: nobody can say what happened"
        case VenueReset(symbol=symbol):
            return f"the exchange began anew ({symbol}): everything is read again"
        case ConnectionLost(cause=cause):
            return f"one connection is down ({cause}), another one carries on"
        case LeaseAging(age_s=age_s, lifetime_s=lifetime_s):
            return f"the listen key is {age_s / 60:.0f} minutes old and dies at {lifetime_s / 60:.0f}"


def _account(notice: AccountModeKnown | PositionUnexplained | PositionUnprotected) -> str:
    match notice:
        case AccountModeKnown(hedge=hedge, multi_assets=multi_assets):
            return f"{'hedge' if hedge else 'one-way'} mode, {'multi' if multi_assets else 'single'}-asset mode"
        case PositionUnexplained(symbol=symbol, position_side=side, amount=amount):
            return f"{symbol} {side} moved by {amount} more than its fills say"
        case PositionUnprotected(symbol=symbol, position_side=side, cause=cause):
            return f"{symbol} {side} has no live stop any more: the last one ended, {cause}, without a fill"


def _failure(
    notice: FrameRefused | CallbackFailed | OrderLost | ShortfallDeclared | CallbackSlow | JournalDamaged,
) -> str:
    match notice:
        case CallbackSlow(callback=callback, seconds=seconds):
            return f"{callback} kept everything else waiting for {seconds:.1f} s"
        case JournalDamaged(detail=detail):
            return f"the journal was damaged: {detail}"
        case FrameRefused(reason=reason):
            return f"a frame could not be read: {reason}; asking over REST"
        case CallbackFailed(callback=callback, error=error):
            return f"{callback} raised {type(error).__name__}"
        case OrderLost(client_order_id=client_order_id):
            return f"order {client_order_id} is known to nobody; it may still fill"
        case ShortfallDeclared(order=(symbol, order_id)):
            return f"order {order_id} of {symbol} has fills that could not be found in time"


def _amount(number: str) -> str:
    """Return a decimal string without the zeros that the exchange pads it with."""
    return format(Decimal(number).normalize() + 0, "f")
