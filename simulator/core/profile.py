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

    self_trade_prevention: str = "EXPIRE_MAKER"
    """The mode of an order that names none. Live in 2026: EXPIRE_MAKER; in 2024: NONE."""

    control_errors: Literal["wrapped", "bare"] = "wrapped"
    """Errors of SUBSCRIBE and its kin: `{"error":{"code":2,...},"id":1}`, or `{"code":2,...}` as the pages print it."""

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
