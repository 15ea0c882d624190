"""All stream connections: handshakes, control messages, and who gets which event.

A handshake is never refused for its listen key: one that does not exist gets silence, as on Binance. Market streams
connect and carry nothing yet; the journal says so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

import msgspec
from aiohttp import WSMsgType, web

from simulator.core.account_events import LISTEN_KEY_EXPIRED
from simulator.core.frame import BINARY, PONG, TEXT, encode_frame
from simulator.core.frame_fault import FrameRule, Hold, OutgoingFrame
from simulator.core.journal import mask_text
from simulator.core.listen_keys import is_listen_key
from simulator.core.profile import Profile
from simulator.core.stream_target import USER_ROOTS, StreamTarget, read_target
from simulator.core.subscriptions import Subscriptions
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock
from simulator.runtime.connection import ConnectionRules, StreamConnection
from simulator.runtime.delivery import Delivery, payload_of

__all__ = ["ControlReplies", "Streams"]

ControlReplies: TypeAlias = Literal["answered", "unanswered"]
"""Whether a connection that carries no events still answers LIST_SUBSCRIPTIONS and its kin."""

_CLOSE_WAIT_S: Final = 1.0


class Streams:
    """The connections that are open, found by the listen keys that they name."""

    def __init__(self, chronicle: Chronicle, clock: Clock, profile: Profile, rules: ConnectionRules) -> None:
        self.connections: dict[int, StreamConnection] = {}
        self._by_key: dict[str, dict[int, StreamConnection]] = {}
        self._keys_of: dict[int, set[str]] = {}
        self._chronicle = chronicle
        self._clock = clock
        self._profile = profile
        self._rules = rules
        self._last_number = 0
        self._refusals: list[int] = []
        self._welcomes: deque[Callable[[StreamConnection], None]] = deque()
        self._delivery = Delivery(chronicle, clock, lambda found: self.cut(found, ": the client does not read"))
        self._closings: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.BaseRequest, path: str, query: str) -> web.StreamResponse:
        """Answer a handshake, and keep the connection until it ends."""
        target = read_target(path, query)
        if self._refusals:
            status = self._refusals.pop(0)
            self._note(0, f"refused with HTTP {status}", path=path, status=status)
            return web.Response(status=status, text="refused")
        if target is None:
            self._chronicle.record("note", direction="in", path=path, status=404, summary="unknown stream path")
            return web.Response(status=404, text="404 Not Found", content_type="text/html")
        websocket = web.WebSocketResponse(timeout=_CLOSE_WAIT_S, autoping=False, compress=False)
        await websocket.prepare(request)
        transport = request.transport
        if transport is None:
            return websocket
        connection = self._open(target, websocket, transport, path)
        if self._welcomes and target.root in USER_ROOTS:
            self._welcomes.popleft()(connection)
        self._refuse_keys(connection)
        try:
            await self._listen(connection, websocket)
        finally:
            self._forget(connection, f"ended, close code {websocket.close_code or 'none'}")
        return websocket

    def publish(self, listen_key: str, account: str, name: str, body: dict[str, Any]) -> int:
        """Send an event to every connection that wants it; return to how many."""
        frames: dict[bool, bytes] = {}
        sent = 0
        for connection in self.of_key(listen_key):
            if connection.is_silent or not connection.subscriptions.wants(listen_key, name):
                continue
            is_combined = connection.subscriptions.is_combined
            if is_combined not in frames:
                frames[is_combined] = encode_frame(TEXT, payload_of(body, listen_key if is_combined else ""))
            out = OutgoingFrame(name=name, account=account, connection=connection.number, body=body)
            sent += self._delivery.send(connection, out, frames[is_combined], listen_key)
        return sent

    def push(self, listen_key: str, content: dict[str, Any] | str | bytes) -> int:
        """Send anything to every connection of the key: an event, a text as it is, or bytes as a binary frame.

        No rule sees it, and it waits for nothing.
        """
        connections = [c for c in self.of_key(listen_key) if not c.is_silent]
        for connection in connections:
            self._delivery.write(connection, _frame(content, listen_key, connection))
        return len(connections)

    def add_rule(self, rule: FrameRule) -> None:
        """Let a rule decide about frames from now on."""
        rule.on_release = self._release
        self._delivery.rules.append(rule)

    def release_held(self) -> None:
        """Release every rule that holds frames."""
        for rule in self._delivery.rules:
            if isinstance(rule.verdict, Hold):
                rule.release()

    def next_number(self) -> int:
        """Return the number of the next connection, of whatever kind."""
        self._last_number += 1
        return self._last_number

    def user_streams(self) -> list[StreamConnection]:
        """Return the open connections that may carry user data, oldest first."""
        return [connection for connection in self.connections.values() if connection.root in USER_ROOTS]

    def of_key(self, listen_key: str) -> list[StreamConnection]:
        """Return the connections that name this key."""
        return list(self._by_key.get(listen_key, {}).values())

    def refuse(self, times: int, status: int) -> None:
        """Answer the next handshakes with an HTTP status."""
        self._refusals += [status] * times

    def welcome(self, times: int, act: Callable[[StreamConnection], None]) -> None:
        """Do something to each of the next connections as soon as its handshake is done."""
        self._welcomes += [act] * times

    def close(self, connection: StreamConnection, code: int, reason: str) -> None:
        """Close a connection with a close frame. It leaves the list at once."""
        self._forget(connection, f"closed by the exchange, code {code} {reason}".rstrip())
        task = asyncio.get_running_loop().create_task(connection.close(code, reason))
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)

    def cut(self, connection: StreamConnection, reason: str) -> None:
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
        connection.freeze()
        self._note(connection.number, "half-open from now on")

    def reset(self) -> None:
        """Close every connection, and refuse no more."""
        self._refusals.clear()
        self._welcomes.clear()
        self._delivery.rules.clear()
        for connection in list(self.connections.values()):
            self.close(connection, 1001, "the simulator was reset")

    async def stop(self) -> None:
        """Close every connection."""
        for connection in list(self.connections.values()):
            self.close(connection, 1001, "the simulator stops")
        if self._closings:
            await asyncio.wait(self._closings)

    def _open(
        self, target: StreamTarget, websocket: web.WebSocketResponse, transport: asyncio.Transport, path: str
    ) -> StreamConnection:
        subscriptions = Subscriptions(target, self._profile.silent_forms, self._profile.control_errors)
        connection = StreamConnection(
            number=self.next_number(),
            root=target.root,
            subscriptions=subscriptions,
            websocket=websocket,
            transport=transport,
            clock=self._clock,
        )
        self.connections[connection.number] = connection
        self._index(connection)
        connection.start_timers(self._rules, lambda code, reason: self.close(connection, code, reason))
        summary = f"opened, {target.root} {'combined' if target.is_combined else 'raw'}"
        if target.root in {"public", "market"}:
            summary += ": market streams carry nothing yet"
        elif any(not is_listen_key(name) for name in subscriptions.listen_keys()):
            summary += ": it names a listen key that is none, for one has 64 letters and digits; nothing will ever come"
        names = [mask_text(name) for name in subscriptions.names]
        self._note(connection.number, summary, event=_life(connection, "opened"), path=mask_text(path), body=names)
        return connection

    def _refuse_keys(self, connection: StreamConnection) -> None:
        """Tell a connection at once that its key has expired, where the profile wants it."""
        for listen_key in connection.subscriptions.keys_in(self._profile.expiring_forms):
            body = {"e": LISTEN_KEY_EXPIRED, "E": self._clock.time_ms(), "listenKey": listen_key}
            self._delivery.write(connection, _frame(body, listen_key, connection))

    async def _listen(self, connection: StreamConnection, websocket: web.WebSocketResponse) -> None:
        while True:
            message = await websocket.receive()
            match message.type:
                case WSMsgType.TEXT:
                    self._answer(connection, message.data)
                case WSMsgType.PING:
                    connection.write(encode_frame(PONG, message.data))
                case WSMsgType.PONG:
                    connection.on_pong()
                case WSMsgType.BINARY:
                    self._note(connection.number, "a binary frame was ignored")
                case _:
                    return

    def _answer(self, connection: StreamConnection, text: str) -> None:
        reply = connection.subscriptions.answer(text)
        with self._chronicle.turn():
            self._chronicle.record("frame", direction="in", connection=connection.number, summary=mask_text(text))
            self._index(connection)
            if connection.answers_control:
                payload = msgspec.json.encode(reply)
                name = connection.subscriptions.last_method
                out = OutgoingFrame(name=name, account="", connection=connection.number, body=reply, is_reply=True)
                if self._delivery.send(connection, out, encode_frame(TEXT, payload)):
                    summary = mask_text(payload.decode())
                    self._chronicle.record("frame", direction="out", connection=connection.number, summary=summary)

    def _index(self, connection: StreamConnection) -> None:
        self._unindex(connection)
        keys = self._keys_of[connection.number] = connection.subscriptions.listen_keys()
        for listen_key in keys:
            self._by_key.setdefault(listen_key, {})[connection.number] = connection

    def _unindex(self, connection: StreamConnection) -> None:
        for listen_key in self._keys_of.pop(connection.number, ()):
            del self._by_key[listen_key][connection.number]
            if not self._by_key[listen_key]:
                del self._by_key[listen_key]

    def _release(self, rule: FrameRule) -> None:
        for connection in list(self.connections.values()):
            self._delivery.release(connection, rule)

    def _forget(self, connection: StreamConnection, summary: str) -> None:
        if self.connections.pop(connection.number, None) is None:
            return
        connection.stop_timers()
        self._unindex(connection)
        self._note(connection.number, summary, event=_life(connection, "closed"))

    def _note(self, number: int, summary: str, **fields: Any) -> None:
        self._chronicle.record("connection", direction="in", connection=number, summary=summary, **fields)


def _life(connection: StreamConnection, what: str) -> str:
    """Return what became of a user stream, which scripts wait for; of a market stream, nothing."""
    return what if connection.root in USER_ROOTS else ""


def _frame(content: dict[str, Any] | str | bytes, listen_key: str, connection: StreamConnection) -> bytes:
    match content:
        case bytes():
            return encode_frame(BINARY, content)
        case str():
            return encode_frame(TEXT, content.encode())
        case _:
            return encode_frame(TEXT, payload_of(content, listen_key if connection.subscriptions.is_combined else ""))
