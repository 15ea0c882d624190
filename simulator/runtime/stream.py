"""All stream connections: handshakes, control messages, and who gets which event.

A handshake is never refused for its listen key: one that does not exist gets silence, as on Binance. It is refused
while its address is banned. More than 10 messages in a second, pings and pongs included, end a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, KeysView
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final

import msgspec
from aiohttp import web

from simulator.core.faults.rule import Installed, Rule, Sight
from simulator.core.journal import mask_text
from simulator.core.profile import Profile
from simulator.core.rest.http_answer import NOT_FOUND_PAGE
from simulator.core.rest.venue_error import VenueError
from simulator.core.security.rate_limits import RateCounters
from simulator.core.streams.account_events import LISTEN_KEY_EXPIRED
from simulator.core.streams.frame import PING, PONG, TEXT, encode_frame
from simulator.core.streams.listen_keys import is_listen_key
from simulator.core.streams.stream_target import USER_ROOTS, StreamTarget, class_of, read_target
from simulator.core.streams.subscriptions import MOST_STREAMS, Subscriptions
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock
from simulator.runtime.connection import ConnectionRules, ControlReplies, StreamConnection
from simulator.runtime.delivery import Delivery, frame_of, market_frame, payload_of
from simulator.runtime.fate import Arrival, Fates, kind_of
from simulator.runtime.handshake import Taken, take_over
from simulator.runtime.heartbeat import Heartbeat
from simulator.runtime.roster import Roster

__all__ = ["Streams"]

MOST_MESSAGES_A_SECOND: Final = 10
SERVER_SHUTDOWN: Final = "serverShutdown"


class Streams:
    """The connections that are open, found by what they listen to.

    `counters` gives the limits of the exchange as it is now: who is banned, and whether limits are enforced. `owner_of`
    says whose a listen key is, None for one that is none. `fates` decide what becomes of handshakes, connections,
    frames and pings (`runtime.fate`, `runtime.delivery`).
    """

    def __init__(
        self,
        chronicle: Chronicle,
        clock: Clock,
        profile: Profile,
        rules: ConnectionRules,
        fates: Fates,
    ) -> None:
        self.fates = fates
        self.owner_of: Callable[[str], str | None] = lambda _listen_key: None
        self.counters: Callable[[], RateCounters] = RateCounters
        self._roster = Roster()
        self._chronicle = chronicle
        self._clock = clock
        self._profile = profile
        self._last_number = 0
        self._user_streams_opened = 0
        self._joined: Callable[[StreamConnection, str], None] = lambda _connection, _name: None
        self._delivery = Delivery(
            chronicle,
            clock,
            fates.book,
            lambda found: self.cut(found, ": the client does not read"),
            lambda found, rule, verdict: self.fates.suffer(self, found, verdict, rule),
        )
        self._heartbeat = Heartbeat(
            clock, rules, profile, self.close, self._announce_shutdown, send_ping=self._send_ping
        )
        fates.book.on_release = self._release
        self._closing: set[StreamConnection] = set()
        self._all_closed = asyncio.Event()

    @property
    def connections(self) -> dict[int, StreamConnection]:
        """The open connections, by number."""
        return self._roster.connections

    def unanswered(self) -> list[StreamConnection]:
        """Return the connections whose pong is waited for and may still come."""
        return [found for found in self._heartbeat.unanswered() if found.is_reading]

    async def serve(self, request: web.BaseRequest, path: str, query: str) -> web.StreamResponse:
        """Answer a handshake. The connection goes on by itself."""
        target = read_target(path, query)
        arrival = Arrival(kind_of(target), path, query, self._owner_of(target))
        admission = await self.fates.admit(request, arrival)
        refusal = admission.refusal or self._refusal(request, path)
        if refusal is not None:
            return refusal
        if target is None:
            self._chronicle.record("note", direction="in", path=path, status=404, summary="unknown stream path")
            return web.Response(status=404, text=NOT_FOUND_PAGE, content_type="text/html")
        connection = self._new(target, request.remote or "")
        transport = take_over(request, connection)
        if transport is not None:
            connection.begin(transport)
            meet = partial(self.fates.meet, self, connection, arrival, admission.later)
            self._open(connection, target, path, meet)
        return Taken()

    def publish(self, listen_key: str, account: str, name: str, body: dict[str, Any]) -> int:
        """Send an event to every connection that wants it; return to how many."""
        frames: dict[bool, bytes] = {}
        is_watched = self._delivery.is_watched
        sent = 0
        for connection in self._roster.of_key(listen_key):
            subscriptions = connection.subscriptions
            if connection.is_silent or not subscriptions.wants(listen_key, name):
                continue
            is_combined = subscriptions.is_combined
            frame = frames.get(is_combined)
            if frame is None:
                payload = payload_of(body, listen_key if is_combined else "")
                frame = frames[is_combined] = encode_frame(TEXT, payload)
            if not (is_watched or connection.outbox):
                self._delivery.write(connection, frame)
                sent += 1
                continue
            sight = Sight(what="frame", event=name, account=account, connection=connection.number, body=body)
            sent += self._delivery.send(connection, sight, frame, listen_key if is_combined else "")
        return sent

    def gathered(self) -> AbstractContextManager[None]:
        """Let what is sent inside leave at the end of the block, in its order and in one piece per connection."""
        return self._delivery.gathered()

    @property
    def watched(self) -> KeysView[str]:
        """The names of the market streams that somebody listens to."""
        return self._roster.watched

    def on_watched(self, callback: Callable[[], None]) -> None:
        """Call back whenever `watched` has changed."""
        self._roster.on_watched = callback

    def on_joined(self, callback: Callable[[StreamConnection, str], None]) -> None:
        """Call back with every connection that begins to listen to a market stream, after the reply to its request."""
        self._joined = callback

    def whisper(self, connection: StreamConnection, name: str, payload: bytes) -> None:
        """Send the JSON of a market stream to one of those who listen to it."""
        if not connection.is_silent:
            frame = market_frame(name, payload, connection.subscriptions.is_combined)
            self._delivery.send_market(connection, name, payload, frame)

    def broadcast(self, name: str, payload: bytes) -> int:
        """Send the JSON of a market stream to everybody who listens to it, at once; return to how many."""
        frames: dict[bool, bytes] = {}
        connections = [found for found in self._roster.of_stream(name) if not found.is_silent]
        is_watched = self._delivery.is_watched
        for connection in connections:
            is_combined = connection.subscriptions.is_combined
            if is_combined not in frames:
                frames[is_combined] = market_frame(name, payload, is_combined)
            if is_watched or connection.outbox:
                self._delivery.send_market(connection, name, payload, frames[is_combined])
            else:
                self._delivery.write(connection, frames[is_combined])
        return len(connections)

    def push(self, listen_key: str, content: dict[str, Any] | str | bytes) -> int:
        """Send anything to every connection of the key: an event, a text as it is, or bytes as a binary frame.

        No rule sees it, and it waits for nothing.
        """
        connections = [found for found in self._roster.of_key(listen_key) if not found.is_silent]
        for connection in connections:
            self._delivery.write(connection, frame_of(content, listen_key, connection))
        return len(connections)

    def install(self, rule: Rule) -> Installed:
        """Let a fault rule decide from now on. Raises `BadFaultError`."""
        return self.fates.book.install(rule, self._clock.time_ms())

    def release_held(self) -> None:
        """Release every rule that holds frames."""
        self.fates.book.release_held()

    def next_number(self) -> int:
        """Return the number of the next connection, of whatever kind."""
        self._last_number += 1
        return self._last_number

    def user_streams(self) -> list[StreamConnection]:
        """Return the open connections that may carry user data, oldest first."""
        return [connection for connection in self.connections.values() if connection.root in USER_ROOTS]

    def of_key(self, listen_key: str) -> list[StreamConnection]:
        """Return the connections that name this key."""
        return self._roster.of_key(listen_key)

    def account_of(self, connection: StreamConnection) -> str:
        """Return whose events a connection carries, "" for nobody's."""
        return self._owner(connection.subscriptions.listen_keys())

    def close(self, connection: StreamConnection, code: int, reason: str) -> None:
        """Close a connection with a close frame. It leaves the list at once."""
        if connection.is_frozen:
            self.cut(connection, ": it was half-open")
        elif self._forget(connection, f"closed by the exchange, code {code} {reason}".rstrip()):
            self._closing.add(connection)
            connection.close(code, reason)

    def hang_up(self, connection: StreamConnection) -> None:
        """Close a connection without a close frame. It leaves the list at once."""
        if self._forget(connection, "closed by the exchange without a close frame"):
            connection.hang_up()

    def cut(self, connection: StreamConnection, reason: str = "") -> None:
        """Reset a connection. It leaves the list at once."""
        self._forget(connection, f"reset by the exchange{reason}")
        connection.cut()

    def silence(self, connection: StreamConnection, control: ControlReplies) -> None:
        """Deliver no event on a connection any more, and leave it open."""
        connection.is_silent = True
        connection.answers_control = control == "answered"
        self._note(connection.number, f"silenced, control messages {control}")

    def freeze(self, connection: StreamConnection) -> None:
        """Leave a connection half-open: nothing is read, answered or sent any more, nothing is ever closed."""
        self._heartbeat.stop(connection)
        connection.sleep()
        connection.is_silent, connection.answers_control = True, False
        if connection.transport is not None:
            self.fates.lines.on(connection.transport).freeze()
        self._note(connection.number, "half-open from now on")

    def reset(self) -> None:
        """Close every connection, and refuse no more."""
        self.fates.book.clear()
        self.fates.lines.end()
        for connection in list(self.connections.values()):
            self.close(connection, 1001, "the simulator was reset")

    async def stop(self) -> None:
        """Close every connection, and wait until they are. What a fault does to any connection ends."""
        self.fates.lines.end()
        for connection in list(self.connections.values()):
            self.close(connection, 1001, "the simulator stops")
        if self._closing:
            self._all_closed.clear()
            await self._all_closed.wait()

    def received(self, connection: StreamConnection, opcode: int, payload: bytes) -> None:
        """Take a message of a client."""
        now_ms = self._clock.time_ms()
        if connection.messages_this_second(now_ms) > MOST_MESSAGES_A_SECOND and self.counters().limits.enforced:
            self._end_flood(connection, now_ms)
            return
        match opcode:
            case _ if opcode == TEXT:
                self._answer(connection, payload.decode())
            case _ if opcode == PING:
                pong = encode_frame(PONG, payload)
                self.fates.ping(self, connection, "received", partial(connection.write, pong))
            case _ if opcode == PONG:
                self._heartbeat.on_pong(connection, payload)
            case _:
                self._note(connection.number, "a binary frame was ignored")

    def lost(self, connection: StreamConnection, code: int) -> None:
        """Learn that a connection is over."""
        self._forget(connection, f"ended, close code {code or 'none'}")
        self._closing.discard(connection)
        if not self._closing:
            self._all_closed.set()

    def failed(self, connection: StreamConnection, error: Exception) -> None:
        """Learn of a defect."""
        self._chronicle.fail(error, f"connection {connection.number}")

    def _refusal(self, request: web.BaseRequest, path: str) -> web.Response | None:
        try:
            self.counters().check_ban(request.remote or "", self._clock.time_ms())
        except VenueError as ban:
            self._note(0, "refused: its address is banned", path=path, status=ban.status)
            body = {"code": ban.code, "msg": ban.message}
            return web.Response(status=ban.status, body=msgspec.json.encode(body), content_type="application/json")
        return None

    def _new(self, target: StreamTarget, address: str) -> StreamConnection:
        profile = self._profile
        silent_forms = profile.silent_forms | profile.expiring_forms
        subscriptions = Subscriptions(target, silent_forms, profile.control_errors, profile.unrouted_market)
        return StreamConnection(
            number=self.next_number(),
            root=target.root,
            subscriptions=subscriptions,
            clock=self._clock,
            listener=self,
            address=address,
        )

    def _open(self, connection: StreamConnection, target: StreamTarget, path: str, meet: Callable[[], object]) -> None:
        joined = self._roster.add(connection)
        self._heartbeat.start(connection)
        names = connection.subscriptions.names
        summary = f"opened, {target.root} {'combined' if target.is_combined else 'raw'}{_hint(target)}"
        shown = [mask_text(name) for name in names]
        self._note(connection.number, summary, event=_life(connection, "opened"), path=mask_text(path), body=shown)
        if len(names) > MOST_STREAMS:
            self.close(connection, 1008, f"more than {MOST_STREAMS} streams")
            return
        if target.root in USER_ROOTS:
            self._greet(connection)
        meet()
        self._refuse_keys(connection)
        for name in sorted(joined):
            self._joined(connection, name)

    def _greet(self, connection: StreamConnection) -> None:
        """Do to a new user stream what the profile says."""
        self._user_streams_opened += 1
        every_nth = self._profile.every_nth_silent
        if every_nth and self._user_streams_opened % every_nth == 0:
            self.silence(connection, "answered")

    def _end_flood(self, connection: StreamConnection, now_ms: int) -> None:
        if self._profile.flood == "ban":
            self.counters().note_flood(connection.address, now_ms)
        self.close(connection, 1008, "Too many requests")

    def _announce_shutdown(self, connection: StreamConnection) -> None:
        body = {"e": SERVER_SHUTDOWN, "E": self._clock.time_ms()}
        self._delivery.write(connection, frame_of(body, next(iter(connection.subscriptions.names), ""), connection))

    def _refuse_keys(self, connection: StreamConnection) -> None:
        """Tell a connection at once that its key has expired, where the profile wants it."""
        for listen_key in sorted(connection.subscriptions.keys_in(self._profile.expiring_forms)):
            body = {"e": LISTEN_KEY_EXPIRED, "E": self._clock.time_ms(), "listenKey": listen_key}
            self._delivery.write(connection, frame_of(body, listen_key, connection))

    def _answer(self, connection: StreamConnection, text: str) -> None:
        reply = connection.subscriptions.answer(text)
        with self._chronicle.turn():
            self._chronicle.record("frame", direction="in", connection=connection.number, summary=mask_text(text))
            joined = self._roster.index(connection)
            if connection.answers_control:
                payload = msgspec.json.encode(reply)
                if self._delivery.send_reply(connection, reply, payload):
                    summary = mask_text(payload.decode())
                    self._chronicle.record("frame", direction="out", connection=connection.number, summary=summary)
        for name in sorted(joined):
            self._joined(connection, name)

    def _release(self, rule: Installed) -> None:
        for connection in list(self.connections.values()):
            self._delivery.release(connection, rule)
        self.fates.lines.release(rule)

    def _send_ping(self, connection: StreamConnection, payload: bytes) -> None:
        self.fates.ping(self, connection, "sent", partial(connection.ping, payload))

    def _owner_of(self, target: StreamTarget | None) -> str:
        return "" if target is None else self._owner({name.partition("@")[0] for name, _ in target.names})

    def _owner(self, listen_keys: set[str]) -> str:
        return next((owner for key in sorted(listen_keys) if (owner := self.owner_of(key))), "")

    def _forget(self, connection: StreamConnection, summary: str) -> bool:
        """Take a connection off the list; return whether it was on it."""
        if not self._roster.remove(connection):
            return False
        self._heartbeat.stop(connection)
        connection.sleep()
        self._note(connection.number, summary, event=_life(connection, "closed"))
        return True

    def _note(self, number: int, summary: str, **fields: Any) -> None:
        self._chronicle.record("connection", direction="in", connection=number, summary=summary, **fields)


def _hint(target: StreamTarget) -> str:
    """Return what is worth knowing of the names in a URL: that one of them can never bring anything."""
    strangers = [name for name, _ in target.names if not is_listen_key(name.partition("@")[0])]
    if target.root == "unrouted":
        strangers = [name for name in strangers if class_of(name) == "private"]
    if target.root in USER_ROOTS and strangers:
        return ": it names a listen key that is none, for one has 64 letters and digits; nothing will ever come"
    return ""


def _life(connection: StreamConnection, what: str) -> str:
    """Return what became of a user stream, which scripts wait for; of a market stream, nothing."""
    return what if connection.root in USER_ROOTS else ""
