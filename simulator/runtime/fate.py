"""What fault rules decide about handshakes, connections and pings, and how a connection suffers what is decided.

A handshake is seen before it is answered: `event` is "user_stream", "market_stream" or "ws_api". What is decided hits
the TCP connection that it came on; only a close code needs a WebSocket, so that handshake is accepted first. What is
dropped is never answered: the connection stays open, and what comes on it goes nowhere.

A connection is seen when it is open: a WebSocket after its handshake, any other one ("rest") when its first request has
come. That of the control plane is not seen: who asks there is no client of the exchange.

Of pings those of the exchange ("sent") and those of clients ("received") are seen. One that is dropped was lost on its
way: the exchange waits for its pong all the same.

Whatever is seen, stalling, dripping and throttling let it go on, on a connection that is worse from now on; half-open,
silent, reset and closed connections keep it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from simulator.core.faults import verdict as v
from simulator.core.faults.rule import Installed, RuleBook, Sight
from simulator.core.journal import mask_text
from simulator.core.rest.http_answer import page_of
from simulator.core.streams.stream_target import USER_ROOTS, StreamTarget
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock
from simulator.runtime.connection import ControlReplies
from simulator.runtime.handshake import Taken
from simulator.runtime.line import Lines, reset_transport

__all__ = ["Arrival", "Decision", "Fates", "Sufferer", "Tormentor", "kind_of"]

_CONTROL_PLANE = "/sim/"


class Sufferer(Protocol):
    """A WebSocket."""

    @property
    def number(self) -> int:
        """Its number."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """Where it is written to, unless it is over."""


SocketT = TypeVar("SocketT", bound=Sufferer)
SocketT_contra = TypeVar("SocketT_contra", bound=Sufferer, contravariant=True)


class Tormentor(Protocol, Generic[SocketT_contra]):
    """Whose connections they are."""

    def account_of(self, connection: SocketT_contra) -> str:
        """Return whose it is, "" for nobody's."""

    def close(self, connection: SocketT_contra, code: int, reason: str) -> None:
        """Close it with a close frame."""

    def hang_up(self, connection: SocketT_contra) -> None:
        """Close it without one."""

    def cut(self, connection: SocketT_contra) -> None:
        """Reset it."""

    def freeze(self, connection: SocketT_contra) -> None:
        """Leave it half-open."""

    def silence(self, connection: SocketT_contra, control: ControlReplies) -> None:
        """Send no event on it any more."""


class Decision(NamedTuple):
    """What a rule decided."""

    rule: Installed
    verdict: v.Verdict


class Arrival(NamedTuple):
    """Who comes: for what, where, and in whose name."""

    event: str
    path: str
    query: str
    account: str = ""

    def sight(self, what: v.What, number: int = 0) -> Sight:
        """Return what a rule sees of it."""
        params = dict(parse_qsl(self.query, keep_blank_values=True))
        return Sight(
            what=what, event=self.event, path=self.path, params=params, account=self.account, connection=number
        )


class Admission(NamedTuple):
    """What becomes of a handshake: an answer that refuses it, or what the connection will suffer once it is open."""

    refusal: web.StreamResponse | None = None
    later: Decision | None = None


_WELCOME = Admission()


def kind_of(target: StreamTarget | None) -> str:
    """Return what a handshake at this place is for; one that asks for nothing that there is, for no user data."""
    return "user_stream" if target is not None and target.root in USER_ROOTS else "market_stream"


class Fates:
    """Asks the rules, and does what they say. Without a rule about such things, nobody has to ask."""

    def __init__(self, book: RuleBook, lines: Lines, clock: Clock, chronicle: Chronicle) -> None:
        self.book = book
        self.lines = lines
        self._clock = clock
        self._chronicle = chronicle
        book.on_limited = self._let_go_in_time

    def decide(self, sight: Sight) -> Decision | None:
        """Return what the first rule that takes this decides, unless it lets it pass."""
        found = self.book.decide(sight, self._clock.time_ms()) if self.book.watches(sight.what) else None
        if found is None or isinstance(found[1], v.Pass):
            return None
        self._chronicle.record(
            "connection",
            direction="in",
            account=sight.account,
            connection=sight.connection,
            path=mask_text(sight.path),
            summary=f"scripted, {sight.what} {sight.event}: {found[1]!r}",
        )
        return Decision(*found)

    def _let_go_in_time(self, rule: Installed) -> None:
        if rule.ends_ms is not None:
            self._clock.call_at(rule.ends_ms, rule.let_go)

    async def admit(self, request: web.BaseRequest, arrival: Arrival) -> Admission:
        """Let a handshake suffer what the rules say."""
        if not self.book.watches("handshake"):
            return _WELCOME
        decision = self.decide(arrival.sight("handshake"))
        transport = request.transport
        if decision is None or transport is None:
            return _WELCOME
        match decision.verdict:
            case v.Respond() as answer:
                return Admission(_response(answer))
            case v.Delay(seconds=seconds):
                await self._clock.sleep(seconds)
                return _WELCOME
            case v.Close() as close if close.code is not None:
                return Admission(later=decision)
            case verdict:
                return _WELCOME if self.suffer_below(transport, verdict, decision.rule) else Admission(Taken())

    def meet(
        self, owner: Tormentor[SocketT], connection: SocketT, arrival: Arrival, earlier: Decision | None = None
    ) -> None:
        """Let a WebSocket that was opened suffer what the rules say, unless its handshake was to cost it something."""
        decision = earlier
        if decision is None and self.book.watches("connection"):
            decision = self.decide(arrival.sight("connection", connection.number))
        if decision is not None:
            self.suffer(owner, connection, decision.verdict, decision.rule)

    def meet_first_request(self, transport: asyncio.Transport, data: bytes) -> None:
        """Let a connection whose first bytes these are suffer what the rules say, unless they are a handshake."""
        if not self.book.watches("connection"):
            return
        method, _, rest = data.partition(b" ")
        path, _, query = rest.partition(b" ")[0].decode(errors="replace").partition("?")
        if path.startswith(_CONTROL_PLANE) or b"\r\nupgrade:" in data.lower():
            return
        sight = Arrival("rest", path, query).sight("connection")
        decision = self.decide(msgspec.structs.replace(sight, method=method.decode(errors="replace")))
        if decision is not None:
            self.suffer_below(transport, decision.verdict, decision.rule)

    def ping(self, owner: Tormentor[SocketT], connection: SocketT, event: str, send: Callable[[], None]) -> None:
        """Send a ping of the exchange's ("sent"), or the pong to a client's ("received"), as the rules say."""
        if not self.book.watches("ping"):
            send()
            return
        account = owner.account_of(connection)
        decision = self.decide(Sight(what="ping", event=event, account=account, connection=connection.number))
        match decision:
            case None:
                send()
            case Decision(verdict=v.Drop()):
                pass
            case Decision(verdict=v.Delay(seconds=seconds)):
                self._clock.call_later(seconds, send)
            case _:
                if self.suffer(owner, connection, decision.verdict, decision.rule):
                    send()

    def suffer(self, owner: Tormentor[SocketT], connection: SocketT, verdict: v.Verdict, cause: object = None) -> bool:
        """Do to a WebSocket what was decided; return whether what was seen goes on."""
        match verdict:
            case v.Close(code=None):
                owner.hang_up(connection)
            case v.Close(code=int() as code, reason=reason):
                owner.close(connection, code, reason)
            case v.Reset():
                owner.cut(connection)
            case v.HalfOpen():
                owner.freeze(connection)
            case v.Silence(control=control):
                owner.silence(connection, control)
            case _:
                transport = connection.transport
                return transport is not None and self.suffer_below(transport, verdict, cause)
        return False

    def suffer_below(self, transport: asyncio.Transport, verdict: v.Verdict, cause: object) -> bool:
        """Do to a TCP connection what was decided; return whether it still carries what was seen."""
        match verdict:
            case v.Stall(seconds=seconds):
                self.lines.on(transport).stall(seconds, cause)
            case v.Drip(bytes_per_s=rate):
                self.lines.on(transport).drip(rate, cause)
            case v.Throttle(bytes_per_s=rate):
                self.lines.on(transport).throttle(rate, cause)
            case v.HalfOpen():
                self.lines.on(transport).freeze()
            case v.Reset():
                reset_transport(transport)
            case v.Close():
                transport.close()
            case v.Silence() | v.Drop():
                self.lines.leave_unanswered(transport)
            case _:  # a book holds no other for a connection
                pass
        return isinstance(verdict, v.Stall | v.Drip | v.Throttle)


def _response(answer: v.Respond) -> web.Response:
    """Return an answer that is no handshake."""
    body: Any = answer.body
    if body is None and (answer.code or answer.message):
        body = {"code": answer.code, "msg": answer.message}
    if body is None:
        body = page_of(answer.status) or "refused"
    kind, payload = (
        ("text/html; charset=utf-8", body.encode())
        if isinstance(body, str)
        else ("application/json", msgspec.json.encode(body))
    )
    headers = {} if "content-type" in map(str.lower, answer.headers) else {"Content-Type": kind}
    return web.Response(status=answer.status, body=payload, headers=headers | dict(answer.headers))
