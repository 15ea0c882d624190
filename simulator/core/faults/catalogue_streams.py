"""The named faults of streams: keys that die, sockets that are cut, deaf or slow, frames that are lost, late or spoilt.

Where a symbol has to be named, it is BTCUSDT; another one may be given where the fault is installed.
"""

from __future__ import annotations

from typing import Final

from simulator.core.faults.corruption import Corruption
from simulator.core.faults.named_fault import NamedFault
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import (
    Close,
    Corrupt,
    Delay,
    Drip,
    Drop,
    Duplicate,
    HalfOpen,
    RefuseThenAccept,
    Reorder,
    Reset,
    Silence,
    Stall,
    Throttle,
    Verdict,
)
from simulator.core.scenario import action as act
from simulator.core.scenario.api_action import RevokeApiKey
from simulator.core.scenario.frame_action import HalfOpenConnections
from simulator.core.scenario.position_action import Adl, Funding, Liquidate, RequestExternal

__all__ = ["ON_STREAMS"]

_UPDATE: Final = "ORDER_TRADE_UPDATE"
_USER_STREAM: Final = "user_stream"
_SYMBOL: Final = "BTCUSDT"


def _frames(verdict: Verdict, event: str = "", times: int | None = None, **filters: str) -> tuple[Rule, ...]:
    return (Rule(on="frame", event=event, verdict=verdict, times=times, **filters),)  # type: ignore[arg-type]  # texts


def _opened(verdict: Verdict, times: int | None = None) -> tuple[Rule, ...]:
    return (Rule(on="connection", event=_USER_STREAM, verdict=verdict, times=times),)


def _spoilt(name: str, how: Corruption, does: str, times: int | None = 1) -> NamedFault:
    return NamedFault(name=name, rows=(10,), does=does, rules=_frames(Corrupt(how), _UPDATE, times))


_LISTEN_KEYS: Final = (
    NamedFault(
        name="listen-key-expires",
        rows=(1,),
        does="the listen key's life is over: listenKeyExpired, then silence on an open socket",
        deeds=(act.ExpireListenKey(),),
    ),
    NamedFault(
        name="listen-key-expires-twice",
        rows=(1,),
        does="the listen key's life is over, and listenKeyExpired comes twice, 5 ms apart",
        deeds=(act.ExpireListenKey(twice_after="5ms"),),
    ),
    NamedFault(
        name="listen-key-expires-as-text",
        rows=(1, 10),
        does="the listen key's life is over, and listenKeyExpired has its time as text",
        rules=_frames(Corrupt("text_event_time"), "listenKeyExpired", 1),
        deeds=(act.ExpireListenKey(),),
    ),
    NamedFault(
        name="listen-key-dies-silently",
        rows=(1,),
        does="the listen key is dead, and nobody says so: the socket stays open and silent",
        deeds=(act.DropListenKey(),),
    ),
    NamedFault(
        name="listen-key-replaced",
        rows=(16,),
        does="another process of the account deletes the listen key and creates a new one",
        deeds=(act.ReplaceListenKey(),),
    ),
    NamedFault(
        name="api-key-revoked",
        rows=(23,),
        does="the API key is unknown (-2015) while its streams are open",
        deeds=(RevokeApiKey(),),
    ),
)

_SOCKETS: Final = (
    NamedFault(
        name="24h-cut",
        rows=(4,),
        does="every user stream is closed with 1001, as after its 24 hours",
        deeds=(act.CloseConnections(code=1001, reason="24 hours are over"),),
    ),
    NamedFault(
        name="connection-cut",
        rows=(4,),
        does="every user stream is reset without a close frame",
        deeds=(act.CutConnections(),),
    ),
    NamedFault(
        name="server-shutdown",
        rows=(4, 5),
        does="serverShutdown is sent, and every user stream closed with 1001",
        deeds=(
            act.Push(frame={"e": "serverShutdown", "E": "$now"}),
            act.CloseConnections(code=1001, reason="server shutdown"),
        ),
    ),
    NamedFault(
        name="half-open",
        rows=(7,),
        does="every user stream is half-open: no byte, no pong, no close frame, for good",
        deeds=(HalfOpenConnections(),),
    ),
    NamedFault(
        name="half-open-from-the-start",
        rows=(7,),
        does="the next user stream is half-open as soon as its handshake is done",
        rules=_opened(HalfOpen(), 1),
    ),
    NamedFault(
        name="silent-socket",
        rows=(5, 7),
        does="the next user stream carries no event: pings are answered, control messages are not",
        rules=_opened(Silence(), 1),
    ),
    NamedFault(
        name="silent-socket-that-lists",
        rows=(5, 7),
        does="the next user stream carries no event, and answers LIST_SUBSCRIPTIONS as if it did",
        rules=_opened(Silence("answered"), 1),
    ),
    NamedFault(
        name="close-1008-after-accept",
        rows=(17,),
        does="the next 3 user streams are accepted, and closed at once with 1008",
        rules=_opened(Close(1008, "Too many requests"), 3),
    ),
    NamedFault(
        name="close-without-a-frame",
        rows=(7,),
        does="the next user stream ends with its first event, without a close frame",
        rules=_frames(Close(), times=1),
    ),
    NamedFault(
        name="handshake-503",
        rows=(9,),
        does="the next 3 handshakes of streams are refused with HTTP 503",
        rules=(Rule(on="handshake", event="*_stream", verdict=RefuseThenAccept(503, times=3)),),
    ),
    NamedFault(
        name="handshake-403",
        rows=(17,),
        does="the next 3 handshakes of streams are refused by the firewall, HTTP 403",
        rules=(Rule(on="handshake", event="*_stream", verdict=RefuseThenAccept(403, times=3)),),
    ),
    NamedFault(
        name="handshake-never-answered",
        rows=(9,),
        does="the next handshake of a stream is never answered",
        rules=(Rule(on="handshake", event="*_stream", verdict=Drop(), times=1),),
    ),
    NamedFault(
        name="pings-unanswered",
        rows=(7,),
        does="no ping of a client is answered",
        rules=(Rule(on="ping", event="received", verdict=Drop()),),
    ),
    NamedFault(
        name="pings-lost",
        rows=(7,),
        does="no ping of the exchange arrives, and it waits for the pongs all the same",
        rules=(Rule(on="ping", event="sent", verdict=Drop()),),
    ),
    NamedFault(
        name="reset-at-every-ping",
        rows=(25,),
        does="a stream is reset when it would be pinged: it lives three minutes, again and again",
        rules=(Rule(on="ping", event="sent", verdict=Reset()),),
    ),
    NamedFault(
        name="stalled-reader",
        rows=(18,),
        does="with its next event, the exchange reads nothing from a user stream for 30 s",
        rules=_frames(Stall(30.0), times=1),
    ),
    NamedFault(
        name="slow-drip",
        rows=(18, 20),
        does="user streams get their bytes one by one, 100 in a second",
        rules=_opened(Drip(100)),
    ),
    NamedFault(
        name="throttled",
        rows=(18, 20),
        does="user streams move 2,000 bytes in a second, in each direction",
        rules=_opened(Throttle(2000)),
    ),
)

_FRAMES: Final = (
    NamedFault(
        name="lost-fill",
        rows=(4, 13),
        does="the next fill is not told on the stream",
        rules=_frames(Drop(), _UPDATE, 1, execution_type="TRADE"),
    ),
    NamedFault(
        name="duplicate-frames",
        rows=(8, 16),
        does="every event comes again a second later",
        rules=_frames(Duplicate(1.0)),
    ),
    NamedFault(
        name="late-frames",
        rows=(20,),
        does="every event comes 135 s late, and in its order",
        rules=_frames(Delay(135.0)),
    ),
    NamedFault(
        name="events-after-the-answer",
        rows=(14,),
        does="events of orders come half a second after the answer that they belong to",
        rules=_frames(Delay(0.5), _UPDATE),
    ),
    NamedFault(
        name="second-socket-lags",
        rows=(16,),
        does="of several sockets on one key, the second one is 3 s late",
        rules=(Rule(on="frame", connection=2, verdict=Delay(3.0)),),
    ),
    NamedFault(
        name="reordered-across-types",
        rows=(13, 20),
        does="every ORDER_TRADE_UPDATE is overtaken by the next event of another type",
        rules=_frames(Reorder(past=1, of="other_types"), _UPDATE),
    ),
    NamedFault(
        name="reordered-within-type",
        rows=(13,),
        does="every ORDER_TRADE_UPDATE with NEW is overtaken by the next ORDER_TRADE_UPDATE",
        rules=_frames(Reorder(past=1, of="its_type"), _UPDATE, status="NEW"),
    ),
    NamedFault(
        name="trade-lite-late",
        rows=(13,),
        does="TRADE_LITE comes 2 s after the ORDER_TRADE_UPDATE of its fill",
        rules=_frames(Delay(2.0), "TRADE_LITE"),
    ),
    NamedFault(
        name="list-subscriptions-unanswered",
        rows=(5,),
        does="no LIST_SUBSCRIPTIONS is answered",
        rules=_frames(Drop(), "LIST_SUBSCRIPTIONS"),
    ),
    NamedFault(
        name="algo-triggered-late",
        rows=(2,),
        does="ALGO_UPDATE comes 2 s late: the child order and its fills come before it",
        rules=_frames(Delay(2.0), "ALGO_UPDATE"),
    ),
    NamedFault(
        name="algo-child-unnamed",
        rows=(2,),
        does="ALGO_UPDATE names no child order",
        rules=_frames(Corrupt(replace={"o.ai": ""}), "ALGO_UPDATE"),
    ),
    NamedFault(
        name="commission-missing",
        rows=(10, 11),
        does="ORDER_TRADE_UPDATE has no commission",
        rules=_frames(Corrupt(remove=("o.N", "o.n")), _UPDATE),
    ),
    NamedFault(
        name="negative-balance",
        rows=(21,),
        does="ACCOUNT_UPDATE has a negative wallet balance",
        rules=_frames(Corrupt(replace={"a.B.0.wb": "-113.30000000"}), "ACCOUNT_UPDATE"),
    ),
    NamedFault(
        name="account-update-without-positions",
        rows=(21,),
        does="ACCOUNT_UPDATE has an empty list of positions",
        rules=_frames(Corrupt(replace={"a.P": []}), "ACCOUNT_UPDATE"),
    ),
    NamedFault(
        name="scientific-notation",
        rows=(24,),
        does="ORDER_TRADE_UPDATE has a commission of 1E-8",
        rules=_frames(Corrupt(replace={"o.n": "1E-8"}), _UPDATE),
    ),
)

_SPOILT: Final = (
    _spoilt("truncated-frame", "truncated", "the next ORDER_TRADE_UPDATE breaks off in the middle"),
    _spoilt("bad-json-frame", "bad_json", "the next ORDER_TRADE_UPDATE is no JSON"),
    _spoilt("binary-frame", "binary", "the next ORDER_TRADE_UPDATE is a binary frame, and no UTF-8"),
    _spoilt("wrong-types-frame", "wrong_types", "the next ORDER_TRADE_UPDATE has a text where its content should be"),
    _spoilt("swapped-numbers", "swapped_numbers", "ORDER_TRADE_UPDATE has texts for numbers, numbers for texts", None),
    _spoilt("huge-ids", "huge_ids", "ORDER_TRADE_UPDATE has order and trade ids that no double holds", None),
    _spoilt("unknown-fields", "unknown_fields", "ORDER_TRADE_UPDATE has fields that nobody knows", None),
    _spoilt("unknown-enum", "unknown_values", "the next ORDER_TRADE_UPDATE has words in its enumerations nobody knows"),
    _spoilt("unknown-event", "unknown_event", "the next ORDER_TRADE_UPDATE is of a type that nobody knows"),
)

_ON_ACCOUNTS: Final = (
    NamedFault(
        name="web-order",
        rows=(11,),
        does="somebody sells 0.001 BTC at the market from the web page of the account",
        deeds=(act.Place(symbol=_SYMBOL, side="SELL", type="MARKET", quantity="0.001", client_order_id="web_1"),),
    ),
    NamedFault(
        name="liquidation",
        rows=(11,),
        does="the position in BTCUSDT is liquidated",
        deeds=(Liquidate(symbol=_SYMBOL),),
    ),
    NamedFault(
        name="auto-deleveraging",
        rows=(11,),
        does="the position in BTCUSDT is closed by auto-deleveraging",
        deeds=(Adl(symbol=_SYMBOL),),
    ),
    NamedFault(
        name="funding-fee",
        rows=(21,),
        does="the funding fee of BTCUSDT is charged: ACCOUNT_UPDATE without an order",
        deeds=(Funding(symbol=_SYMBOL, rate="0.0001"),),
    ),
    NamedFault(
        name="position-mode-changed",
        rows=(12,),
        does="another client changes the account to hedge mode, and no event says so",
        deeds=(RequestExternal(request="POST /fapi/v1/positionSide/dual", parameters={"dualSidePosition": "true"}),),
    ),
)

ON_STREAMS: Final[tuple[NamedFault, ...]] = (*_LISTEN_KEYS, *_SOCKETS, *_FRAMES, *_SPOILT, *_ON_ACCOUNTS)
"""Every named fault of streams, their frames and what they tell."""
