"""Which Binance is imitated: one switch for each thing that public sources leave open, or that differs by environment.

The defaults are what most sources say. No other module decides such a question: it asks the profile. Three presets say
what was measured of an environment: `production`, `testnet`, and `strict`, the worst that any source reports.
`docs/profiles.md` lists every open question and its switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

import msgspec

from simulator.core.terms import check_terms

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
    """Forms that connect, are told `listenKeyExpired` at once, and nothing more: one source says so of `query`."""

    trade_lite: Literal["first", "each", "last", "absent"] = "first"
    """Where TRADE_LITE stands among the events of one match. Captured: first, before ORDER_TRADE_UPDATE NEW. Where an
    order has several trades at once, all of theirs stand first; with "each", a later one stands before its own trade's
    ACCOUNT_UPDATE. No match of several trades was captured."""

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

    hedge_both: Literal["listed", "absent"] = "listed"
    """Whether, in hedge mode, the ACCOUNT_UPDATE of a changed LONG or SHORT position lists the symbol's empty BOTH
    entry too. So say a FAQ of 2020 and the documented sample; no such frame was captured."""

    margin_type_change: Literal["positions", "no_positions"] = "positions"
    """What the ACCOUNT_UPDATE of a changed margin type lists: the symbol's positions, or none. Not captured."""

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

    algo_trailing_terms: Literal["absent", "present"] = "absent"
    """Whether ALGO_UPDATE of a trailing stop has its activation price and callback rate, as `AP` and `cr`. Not
    documented; the old event of plain orders had them so."""

    trigger_rejections: Literal["algo_update", "both"] = "algo_update"
    """Whether a conditional order whose child is refused is told by ALGO_UPDATE alone, or, before that, by
    CONDITIONAL_ORDER_TRIGGER_REJECT too, which was withdrawn 2025-12. Clients still listen for it."""

    cancel_all: Literal["orders", "orders_and_algo_orders"] = "orders"
    """What DELETE allOpenOrders and countdownCancelAll cancel. That they spare conditional orders is not stated, but
    those have an endpoint of their own."""

    order_test: Literal["order", "empty"] = "order"
    """What POST order/test answers: an order that was not placed, as documented, or `{}`, as it once was."""

    exchange_info_time: Literal["now", "stale"] = "now"
    """What exchangeInfo says of the time in `serverTime`. On the demo environment it was measured to be days old."""

    rpi_time_in_force: Literal["absent", "listed"] = "absent"
    """Whether exchangeInfo lists RPI among the `timeInForce` of its symbols; such orders are taken in any case. One
    reference lists it. A whole exchangeInfo of mainnet, of 2026-09-15, does not, and clients in use there that know no
    RPI could not read one that does."""

    tradfi_agreement: Literal["none_needed", "needed"] = "none_needed"
    """Whether orders on TradFi contracts are refused, -4411, until the account has signed the agreement on them by POST
    stock/contract. Mainnet is reported to want it; here everybody may trade everything by default."""

    leverage_bracket_of_symbol: Literal["list", "object"] = "list"
    """What GET leverageBracket answers when a symbol is given. The page says an object, clients take both (U20)."""

    request_ip: str = ""
    """Appended to -2015 as `, request ip: …` when not empty."""

    unrouted_market: Literal["alive", "silent"] = "alive"
    """What connections with the old, unrouted URLs get of market-class streams (aggTrade, kline, markPrice, ...).
    Measured on mainnet: nothing; on the testnet: everything. Public-class streams (depth, bookTicker) flow on both."""

    every_nth_silent: int = 0
    """Every so many user streams carry nothing, whatever their URL; 0: none. One report tells of such connections."""

    server_shutdown: Literal["absent", "announced"] = "absent"
    """Whether a connection is told `serverShutdown` 10 minutes before its 24 hours end. Documented for Spot only."""

    pong: Literal["any", "matching"] = "any"
    """Which pong keeps a connection alive: any, as the streams page says, or only one with the payload of a ping."""

    flood: Literal["disconnect", "ban"] = "disconnect"
    """What follows when more than 10 messages come in a second: the end of the connection, or, for an address that
    does it 5 times within 10 minutes, a ban as well. Documented: "may be banned"."""

    weight_limit: int = 2400
    """The request weight that an address may use each minute. The testnet shows 6000."""

    weights: Mapping[str, int] = {}
    """Weights that differ from the documented ones, by path: for `/fapi/v2/positionRisk`, sources say 5 and 10."""

    retry_after: Literal["absent", "present"] = "absent"
    """Whether answers with 429 and 418 have the header `Retry-After`, in s. Documented for Spot only."""

    ws_api_weight: Literal["shared", "separate"] = "shared"
    """Whether requests over the WebSocket API weigh on the same limit as REST. Documented: shared."""

    listen_key_scope: Literal["account", "api_key"] = "account"
    """Whether all API keys of an account share one listen key, as documented, or each has its own. Not measured."""

    late_order: Literal[-5028, -1021] = -5028
    """The refusal of an order that arrived in time and reached the matching engine when its window was over."""

    large_receive_window: Literal["capped", "refused"] = "capped"
    """A recvWindow above 60000 counts as 60000, or is refused with -1131, as on Spot."""

    unencoded_signature: Literal["refused", "accepted"] = "refused"
    """A signature over the parameters as they were before percent-encoding. What is transmitted is what should be
    signed; Spot refuses anything else since 2026-01-15, and for futures nothing was announced."""

    ed25519_rest: Literal["accepted", "refused"] = "accepted"
    """Ed25519 signatures of REST requests. Reported to work; documented for the WebSocket API only."""

    def __post_init__(self) -> None:
        check_terms(self)

    @classmethod
    def production(cls) -> Self:
        """Return mainnet as measured in autumn 2026: unrouted URLs connect, and carry no private or market class."""
        return cls(silent_forms=frozenset({"unrouted"}), unrouted_market="silent")

    @classmethod
    def testnet(cls) -> Self:
        """Return the testnet: it takes every form of URL, allows 6000 of weight a minute, and its time may be stale."""
        return cls(weight_limit=6000, exchange_info_time="stale")

    @classmethod
    def strict(cls) -> Self:
        """Return the strictest mainnet that anybody reports.

        The path form is silent too, and without `events=` a stream is told `listenKeyExpired` at once.
        """
        return cls(
            silent_forms=frozenset({"unrouted", "path"}),
            expiring_forms=frozenset({"query"}),
            unrouted_market="silent",
            pong="matching",
            flood="ban",
            large_receive_window="refused",
        )

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
