"""The WebSocket API: requests on one socket, answered by the endpoints of REST.

A request becomes a call of its REST twin and is judged like one: scripted rules see it under the twin's method and path
(and under `"WS"` and its own name, where a rule means this socket alone), the lag of REST is the lag of the twin's
path, weight and orders count where the twin's do. The journal has it as a `request` of the twin's path whose `event` is
the method and whose `connection` is not 0. A scripted answer becomes `result` if its status is 200 and `error`
otherwise; a scripted reset cuts the connection. A response that waits holds up no other.

No user event is ever sent here. Handshakes cost weight 5, and are refused when an address has none left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import WSMsgType, web

from simulator.core.faults.corruption import Corrupt
from simulator.core.faults.fault import Ending, Plan, Respond
from simulator.core.faults.rule import RuleBook
from simulator.core.faults.verdict import Drop
from simulator.core.journal import mask_text, masked_params
from simulator.core.rest.endpoints import ROUTES
from simulator.core.rest.venue_error import KEY_REVOKED, UNSUPPORTED_OPERATION, VenueError, refusal
from simulator.core.security import security
from simulator.core.security.api_keys import ApiKeys
from simulator.core.security.rate_limits import RateCounters
from simulator.core.security.security import DiagnosedError
from simulator.core.streams.frame import BINARY, TEXT
from simulator.core.venue import Call, Route
from simulator.core.ws_api.ws_api import (
    HANDSHAKE_WEIGHT,
    SESSION_METHODS,
    SESSION_WEIGHT,
    TWINS,
    ApiRequest,
    BadFrame,
    rate_limits,
    read_request,
)
from simulator.core.ws_api.ws_api_bodies import result_of
from simulator.core.ws_api.ws_api_session import Session, endpoint_params
from simulator.runtime.connection import ConnectionRules, ControlReplies
from simulator.runtime.fate import Arrival
from simulator.runtime.floor import Floor
from simulator.runtime.line import Lines
from simulator.runtime.request_faults import PLAIN, RequestFaults, skewed, what_was_done
from simulator.runtime.ws_api_connection import ApiConnection
from simulator.runtime.ws_api_request import (
    Outcome,
    SocketRequest,
    content_of,
    error_of,
    payload_of_answer,
    shown,
    sight_of,
    without_secrets,
)

__all__ = ["WS_API_PATH", "WsApi"]

WS_API_PATH: Final = "/ws-fapi/v1"

_CLOSE_WAIT_S: Final = 1.0
_ENGINE_METHODS: Final = frozenset({"order.place", "order.modify"})
"""What goes to the matching engine, which looks at the timestamp once more."""


class WsApi:
    """Answers requests on sockets; the rules of a book decide about them and their answers."""

    def __init__(
        self, floor: Floor, keys: ApiKeys, book: RuleBook, lines: Lines, connection_rules: ConnectionRules
    ) -> None:
        self.connections: dict[int, ApiConnection] = {}
        self._floor = floor
        self._keys = keys
        self._faults = RequestFaults(book, lines, floor.clock, floor.chronicle)
        self._connection_rules = connection_rules
        self._closings: set[asyncio.Task[None]] = set()

    def unanswered(self) -> list[ApiConnection]:
        """Return the connections whose pong is waited for and may still come."""
        return [found for found in self.connections.values() if found.is_unanswered]

    async def serve(self, request: web.BaseRequest, query: str) -> web.StreamResponse:
        """Answer a handshake, and requests until the connection ends."""
        address, fates = request.remote or "", self._floor.streams.fates
        arrival = Arrival("ws_api", WS_API_PATH, query)
        admission = await fates.admit(request, arrival)
        if admission.refusal is not None:
            return admission.refusal
        try:
            self._weight_counters().admit_weight(address, HANDSHAKE_WEIGHT, self._floor.clock.time_ms())
        except VenueError as refusal:
            self._note(0, f"WebSocket API refused, {refusal}", status=refusal.status)
            return web.json_response({"code": refusal.code, "msg": refusal.message}, status=refusal.status)
        websocket = web.WebSocketResponse(timeout=_CLOSE_WAIT_S, autoping=False, compress=False)
        await websocket.prepare(request)
        if request.transport is None:
            return websocket
        connection = self._open(address, query, websocket, request.transport)
        fates.meet(self, connection, arrival, admission.later)
        try:
            await self._guarded(connection, lambda: self._listen(connection, websocket))
        finally:
            self._forget(connection, f"ended, close code {websocket.close_code or 'none'}")
        return websocket

    def close(self, connection: ApiConnection, code: int, reason: str) -> None:
        """Close a connection with a close frame. It leaves the list at once."""
        self._begin_close(connection, code, reason)

    def cut(self, connection: ApiConnection) -> None:
        """Reset a connection. It leaves the list at once."""
        self._forget(connection, "reset by the exchange")
        connection.cut()

    def hang_up(self, connection: ApiConnection) -> None:
        """Close a connection without a close frame. It leaves the list at once."""
        self._forget(connection, "closed by the exchange, without a close frame")
        connection.hang_up()

    def silence(self, connection: ApiConnection, _control: ControlReplies) -> None:
        """Leave a connection open, answering pings, and answer no request on it ever again."""
        connection.is_silent = True
        self._note(connection.number, "silenced")

    def account_of(self, connection: ApiConnection) -> str:
        """Return whose session a connection has, "" for nobody's."""
        return self._keys.names.get(connection.session.api_key, "")

    def freeze(self, connection: ApiConnection) -> None:
        """Leave a connection half-open: nothing is read, answered or sent any more, nothing is ever closed."""
        connection.freeze()
        self._floor.streams.fates.lines.on(connection.transport).freeze()
        self._note(connection.number, "half-open from now on")

    def reset(self) -> None:
        """Close every connection."""
        for connection in list(self.connections.values()):
            self.close(connection, 1001, "the simulator was reset")

    async def stop(self) -> None:
        """Close every connection, and wait until they are."""
        for connection in list(self.connections.values()):
            self.close(connection, 1001, "the simulator stops")
        if self._closings:
            await asyncio.wait(self._closings)

    # --- connections ----------------------------------------------------------------------------------------------

    def _open(
        self, address: str, query: str, websocket: web.WebSocketResponse, transport: asyncio.Transport
    ) -> ApiConnection:
        hides = dict(parse_qsl(query)).get("returnRateLimits", "").lower() == "false"
        session = Session(connected_ms=self._floor.clock.time_ms(), returns_rate_limits=not hides)
        connection = ApiConnection(
            number=self._floor.streams.next_number(),
            address=address,
            session=session,
            websocket=websocket,
            transport=transport,
            clock=self._floor.clock,
        )
        connection.let_ping = partial(self._floor.streams.fates.ping, self, connection)
        self.connections[connection.number] = connection
        connection.open(self._connection_rules, lambda code, reason: self.close(connection, code, reason))
        self._note(connection.number, "opened, WebSocket API", path=WS_API_PATH)
        return connection

    async def _listen(self, connection: ApiConnection, websocket: web.WebSocketResponse) -> None:
        while True:
            message = await websocket.receive()
            match message.type:
                case WSMsgType.TEXT:
                    await self._take(connection, message.data)
                case WSMsgType.PING:
                    connection.on_ping(message.data)
                case WSMsgType.PONG:
                    connection.on_pong(message.data)
                case WSMsgType.BINARY:
                    self._note(connection.number, "a binary frame was ignored")
                case _:
                    return

    async def _guarded(self, connection: ApiConnection, work: Callable[[], Awaitable[None]]) -> None:
        """Let a defect of the simulator end the connection that it was found on, and no other."""
        try:
            await work()
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001  it is told, and `Simulator.stop` raises it
            self._floor.chronicle.fail(error, f"connection {connection.number}")
            await asyncio.shield(self._begin_close(connection, 1011, "internal error of the simulator"))

    def _begin_close(self, connection: ApiConnection, code: int, reason: str) -> asyncio.Task[None]:
        self._forget(connection, f"closed by the exchange, code {code} {reason}".rstrip())
        task = asyncio.get_running_loop().create_task(connection.close(code, reason))
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)
        return task

    def _forget(self, connection: ApiConnection, summary: str) -> None:
        if self.connections.pop(connection.number, None) is not None:
            connection.stop()
            self._note(connection.number, summary)

    # --- requests -------------------------------------------------------------------------------------------------

    async def _take(self, connection: ApiConnection, text: str) -> None:
        try:
            request = self._receive(connection, read_request(text))
        except BadFrame as error:
            self._refuse_frame(connection, text, error)
            return
        steps = PLAIN
        if self._faults.sees_requests:
            sight = sight_of("request", request)
            request = msgspec.structs.replace(request, conditions=self._faults.conditions(sight))
            steps = self._faults.steps(sight, request.number)
        if steps.wait_s or steps.hold_s:
            connection.later(self._guarded(connection, lambda: self._answer(request, steps)))
        else:
            await self._answer(request, steps)

    def _receive(self, connection: ApiConnection, asked: ApiRequest) -> SocketRequest:
        http_method, path = TWINS.get(asked.method, ("WS", asked.method))
        account = self._keys.names.get(asked.params.get("apiKey") or connection.session.api_key, "")
        entry = self._floor.chronicle.record(
            "request",
            direction="in",
            account=account,
            connection=connection.number,
            event=asked.method,
            method=http_method,
            path=path,
            body=masked_params(asked.params),
        )
        route, aheads_ms = ROUTES.get((http_method, path)), self._floor.clock.aheads_ms
        return SocketRequest(asked, connection, account, http_method, path, route, entry.time_ms, aheads_ms, entry.seq)

    async def _answer(self, request: SocketRequest, steps: Plan) -> None:
        if steps.wait_s:
            await self._floor.clock.sleep(steps.wait_s)
        if not steps.execute:
            await self._respond(request, steps.answer or Respond(200))
            return
        with self._floor.chronicle.turn():
            outcome = self._outcome(request)
            answers_first = self._floor.venue.profile.rest_answer == "before_events" and not steps.hold_s
            if not answers_first:
                self._floor.tell(outcome.facts)
        if steps.hold_s:
            await self._floor.clock.sleep(steps.hold_s)
        self._faults.slow_down(request.connection.transport, steps)
        await self._respond(request, steps.answer or outcome.answer)
        if answers_first:
            self._floor.tell(outcome.facts)

    def _outcome(self, request: SocketRequest) -> Outcome:
        try:
            if request.asked.method in SESSION_METHODS:
                body = skewed(self._session_result(request), request.conditions.skew_ms)
                return Outcome(Respond(200, body=body))
            if request.route is None:
                raise refusal(UNSUPPORTED_OPERATION)
            return self._perform(request, request.route)
        except DiagnosedError as error:
            self._floor.chronicle.record("note", about=request.number, summary=mask_text(error.diagnosis))
            return Outcome(Respond(error.status, error.code, error.message))
        except VenueError as error:
            return Outcome(Respond(error.status, error.code, error.message))

    def _perform(self, request: SocketRequest, route: Route) -> Outcome:
        venue, now_ms, asked = self._floor.venue, self._floor.clock.time_ms(), request.asked
        params, connection = endpoint_params(asked.params), request.connection
        weight = venue.profile.weights.get(request.path)
        weight = route.weigh(params) if weight is None else weight
        self._weight_counters().admit_weight(connection.address, weight, now_ms)
        arrived_ms = request.arrived_ms if asked.method in _ENGINE_METHODS else now_ms
        skew_ms = request.conditions.skew_ms
        account = connection.session.who_asks(
            asked.params, route.security, self._keys, venue.profile, arrived_ms + skew_ms, aheads_ms=request.aheads_ms
        )
        if asked.method in _ENGINE_METHODS:
            security.check_engine_window(asked.params, now_ms + skew_ms, venue.profile, request.aheads_ms)
        venue.counters.admit_orders(account, route.orders, now_ms)
        as_of_ms = (request.conditions.lag or venue.read_lag).as_of(request.path, route.reads, now_ms)
        call = Call(params, account, now_ms, as_of_ms, asked.params.get("apiKey") or connection.session.api_key)
        answer = route.endpoint(venue, call)
        body = skewed(result_of(asked.method, answer.body, venue, call), skew_ms)
        return Outcome(Respond(200, body=body), answer.facts)

    def _session_result(self, request: SocketRequest) -> dict[str, Any]:
        venue, now_ms, session = self._floor.venue, self._floor.clock.time_ms(), request.connection.session
        self._weight_counters().admit_weight(request.connection.address, SESSION_WEIGHT, now_ms)
        if request.asked.method == "session.logon":
            judged_ms = now_ms + request.conditions.skew_ms
            session.log_on(request.asked.params, self._keys, venue.profile, judged_ms, request.aheads_ms)
        elif request.asked.method == "session.logout":
            session.log_out()
        return session.body(now_ms)

    def _weight_counters(self) -> RateCounters:
        return self._floor.venue.ws_api_counters

    # --- responses ------------------------------------------------------------------------------------------------

    async def _respond(self, request: SocketRequest, answer: Ending) -> None:
        """Send an answer that is known, as the rules about responses want it."""
        if not (self._faults.sees_answers and isinstance(answer, Respond)):
            self._end(request, answer, None)
            return
        steps = self._faults.steps_of_answer(sight_of("response", request, answer), request.number)
        told, connection = steps.answer or answer, request.connection

        async def send_late() -> None:
            await self._floor.clock.sleep(steps.hold_s)
            self._end(request, told, steps.corrupt)

        if steps.hold_s:
            connection.later(self._guarded(connection, send_late))
            return
        self._faults.slow_down(connection.transport, steps)
        self._end(request, told, steps.corrupt)

    def _end(self, request: SocketRequest, answer: Ending, corrupt: Corrupt | None) -> None:
        """Send an answer, or do what is done instead."""
        if isinstance(answer, Respond):
            self._send(request, answer, corrupt)
            return
        self._record(request, 0, None, summary=what_was_done(answer))
        if not isinstance(answer, Drop):  # what is dropped leaves the others on this socket their answers
            self._floor.streams.fates.suffer(self, request.connection, answer)

    def _send(self, request: SocketRequest, answer: Respond, corrupt: Corrupt | None) -> None:
        content = content_of(answer)
        response = {"id": request.asked.id, "status": answer.status} | content
        if request.shows_rate_limits:
            response["rateLimits"] = self._rate_limits(request)
        payload = payload_of_answer(response, corrupt)
        summary = f"spoilt: {corrupt!r}" if corrupt else ""
        told = shown(next(iter(content.values())), len(payload))
        self._record(request, answer.status, told, size=len(payload), summary=summary)
        request.connection.send(payload, BINARY if corrupt is not None and corrupt.how == "binary" else TEXT)
        self._end_revoked_session(request.connection)

    def _rate_limits(self, request: SocketRequest) -> list[dict[str, Any]]:
        counters, now_ms, connection = self._floor.venue.counters, self._floor.clock.time_ms(), request.connection
        weight = self._weight_counters().used_weight(connection.address, now_ms)
        if request.route is None or request.route.orders == (0, 0):
            return rate_limits(counters.limits, weight, None)
        return rate_limits(counters.limits, weight, counters.used_orders(request.account, now_ms))

    def _refuse_frame(self, connection: ApiConnection, text: str, error: BadFrame) -> None:
        summary = f"refused, {error}: {without_secrets(text)}"
        self._floor.chronicle.record("frame", direction="in", connection=connection.number, summary=summary)
        response: dict[str, Any] = {
            "id": error.id,
            "status": error.status,
            "error": error_of(error.code, error.message),
        }
        if connection.session.returns_rate_limits:
            counters, now_ms = self._weight_counters(), self._floor.clock.time_ms()
            used = counters.used_weight(connection.address, now_ms)
            response["rateLimits"] = rate_limits(counters.limits, used, None)
        connection.send(msgspec.json.encode(response))
        self._end_revoked_session(connection)

    def _end_revoked_session(self, connection: ApiConnection) -> None:
        """Tell a session whose key is valid no more that it is over."""
        if connection.session.is_revoked(self._keys):
            connection.session.log_out()
            self._note(connection.number, "the API key of its session was revoked")
            connection.send(msgspec.json.encode({"id": None, "status": 401, "error": error_of(*KEY_REVOKED)}))

    def _record(self, request: SocketRequest, status: int, body: object, **fields: Any) -> None:
        self._floor.chronicle.record(
            "response",
            direction="out",
            account=request.account,
            connection=request.connection.number,
            about=request.number,
            event=request.asked.method,
            method=request.http_method,
            path=request.path,
            status=status,
            body=body,
            **fields,
        )

    def _note(self, number: int, summary: str, **fields: Any) -> None:
        self._floor.chronicle.record("connection", direction="in", connection=number, summary=summary, **fields)
