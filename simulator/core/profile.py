"""Which Binance is imitated: one switch for each thing that public sources leave open, or that differs by environment.

The defaults are what most sources say. No other module decides such a question: it asks the profile.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Profile"]

UrlForm = Literal["unrouted", "path", "query", "query_events", "subscribe"]
"""How a connection named its listen key.

`unrouted`: `/ws/<key>`, `/stream?streams=<key>`, SUBSCRIBE on either (retired on mainnet, alive on the testnet).
`path`: `/private/ws/<key>`. `query`: `/private/ws?listenKey=<key>`. `query_events`: the same with `&events=`.
`subscribe`: `/private/ws` or `/private/stream`, then SUBSCRIBE.
"""

ListenKeyEnd = Literal["expired", "deleted", "dropped"]
"""Why a listen key died: its lifetime was over, its owner deleted it, or it was killed without a word."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Switches for behaviour that Binance does not document, or that was measured both ways."""

    silent_forms: frozenset[UrlForm] = frozenset()
    """Forms that connect, answer pings, and never carry user data."""

    expiring_forms: frozenset[UrlForm] = frozenset()
    """Forms that connect, and are told `listenKeyExpired` at once: one source says so of `query`."""

    trade_lite: Literal["first", "last", "absent"] = "first"
    """Where TRADE_LITE stands among the events of one match. Captured: first, before ORDER_TRADE_UPDATE NEW."""

    rest_answer: Literal["after_events", "before_events"] = "after_events"
    """Whether an order's answer leaves before or after the events it causes. Either happens."""

    acknowledge_with_average_price: Literal["never", "result", "always"] = "never"
    """Whether answers to POST, PUT and DELETE of an order carry `avgPrice` and `cumQuote`. Removed 2026-07."""

    delete_listen_key: Literal["silent", "announce", "close"] = "silent"
    """What sockets see of DELETE listenKey: nothing more, a `listenKeyExpired`, or a close frame."""

    listen_key_expiry: Literal["announce", "announce_and_close", "silent"] = "announce"
    """What sockets see when a listen key's lifetime ends."""

    listen_key_expiry_time: Literal["number", "text"] = "number"
    """How `listenKeyExpired` writes its `E`. An older official sample has a text."""

    funding_positions: Literal["empty", "absent"] = "empty"
    """Whether the ACCOUNT_UPDATE of a cross position's funding fee has an empty list of positions, or none."""

    forced_orders: Literal["documented", "fixtures"] = "documented"
    """How ADL and settlement orders look, of which nobody captured one: MARKET orders that end FILLED, executed as
    CALCULATED; or LIMIT IOC ones, where an ADL shows the status NEW_ADL and a settlement is executed as TRADE."""

    forced_trade_lite: Literal["absent", "present"] = "absent"
    """Whether a liquidation, ADL or settlement has a TRADE_LITE. Its documentation says it is sent for trades only."""

    liquidation_type: Literal["LIMIT", "LIQUIDATION"] = "LIMIT"
    """The order type of a liquidation. Samples say LIMIT; the documented enumeration also has LIQUIDATION."""

    self_trade_prevention: str = "EXPIRE_MAKER"
    """The mode of an order that names none. Live in 2026: EXPIRE_MAKER; in 2024: NONE."""

    control_errors: Literal["wrapped", "bare"] = "wrapped"
    """Errors of SUBSCRIBE and its kin: `{"error":{"code":2,...},"id":1}`, or `{"code":2,...}` as the pages print it."""

    algo_trigger_ms: int = 11
    """How long after TRIGGERING a conditional order is said to be TRIGGERED, in ms. Captured once: 11."""

    algo_child: Literal["before_triggered", "after_triggered"] = "before_triggered"
    """Whether the child of a conditional order comes, and fills, before or after TRIGGERED. Captured: before."""

    algo_triggered: Literal["with_child_id", "without_child_id"] = "with_child_id"
    """Whether the event TRIGGERED names the child in `ai`, as captured."""

    algo_child_id: Literal["same", "generated"] = "same"
    """The child's client order id: its parent's clientAlgoId, or one of the exchange's. Sources say both."""

    algo_child_original_type: Literal["child", "algo"] = "child"
    """What the child's `ot` and `origType` say: its own type, or its parent's. Not verified."""

    algo_position_closed: Literal["CANCELED", "EXPIRED"] = "CANCELED"
    """How a closePosition order ends whose position has closed. Sources say both."""

    algo_immediate_trigger: Literal[-2021, -4142] = -2021
    """The refusal of a conditional order that would trigger at once."""

    algo_off_tick: Literal["accepted", "refused"] = "accepted"
    """What becomes of a trigger price between two ticks. Measured on the testnet: accepted."""

    algo_reduce_only: Literal["accepted", "refused"] = "accepted"
    """What becomes of reduceOnly on a conditional order in one-way mode. One report says: refused, -1106."""

    cancel_all: Literal["orders", "orders_and_algo_orders"] = "orders"
    """What DELETE allOpenOrders cancels. That it spares conditional orders is not stated, but they have their own."""

    exchange_info_time: Literal["now", "stale"] = "now"
    """What exchangeInfo says of the time in `serverTime`. On the demo environment it was measured to be days old."""

    request_ip: str = ""
    """Appended to -2015 as `, request ip: …` when not empty."""

    def announces(self, end: ListenKeyEnd) -> bool:
        """Return whether sockets are told by `listenKeyExpired` that their key ended in this way."""
        if end == "expired":
            return self.listen_key_expiry != "silent"
        return end == "deleted" and self.delete_listen_key == "announce"

    def closes(self, end: ListenKeyEnd) -> bool:
        """Return whether sockets are closed when their key ended in this way."""
        if end == "expired":
            return self.listen_key_expiry == "announce_and_close"
        return end == "deleted" and self.delete_listen_key == "close"
