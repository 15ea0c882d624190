"""The REST interface: from the bytes of a request to the bytes of an answer.

One function answers everything that is not a stream. It writes the request down (subscribers may act then), asks the
scripted rules for a verdict, executes, tells the facts, and answers. Signatures are checked over the bytes that
arrived.

What an address or an account may still ask is checked in this order: a ban (418), the weight of the request (429),
then, when it is known who asks, the number of orders (429). Requests that no endpoint answers weigh nothing.
"""

from __future__ import annotations

from typing import Final

import msgspec

from simulator.core.facts import Fact
from simulator.core.faults.corruption import Corrupt, spoilt_content
from simulator.core.faults.fault import Ending, Plan, Reset, Respond
from simulator.core.faults.rule import Conditions, RuleBook, Sight
from simulator.core.faults.verdict import What
from simulator.core.journal import mask, mask_text, masked_params
from simulator.core.rest.endpoints import ROUTES
from simulator.core.rest.http_answer import FORBIDDEN_PAGE, FRONT_HEADERS, NOT_FOUND_PAGE, is_hostile, page_of
from simulator.core.rest.venue_error import LimitError, VenueError
from simulator.core.security import security
from simulator.core.security.api_keys import ApiKeys
from simulator.core.security.security import DiagnosedError
from simulator.core.venue import Answer, Call, Route
from simulator.runtime.floor import Floor
from simulator.runtime.line import Lines
from simulator.runtime.plain_http import HttpRequest
from simulator.runtime.request_faults import NO_ANSWER, PLAIN, Farewell, RequestFaults, skewed, what_was_done
from simulator.runtime.whole_answer import WholeAnswer

__all__ = ["RestInterface"]

_MOST_JOURNALED_BYTES: Final = 65_536
_ENGINE_PATHS: Final = frozenset({"/fapi/v1/order", "/fapi/v1/batchOrders"})
"""Where POST and PUT go to the matching engine, which looks at the timestamp once more."""
_CLOCK_PATHS: Final = frozenset({"/fapi/v1/time", "/fapi/v1/exchangeInfo", "/api/v3/time"})
"""Where clients learn what time it is."""


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    """What arrived, and when. `number` is the journal's `seq` of it, `account` whose key it shows ("": nobody's).

    `shown_path` is the path as the journal may hold it. `aheads_ms` is how far the exchange's clock was ahead of
    its clients' when the request came: what it waits here, it waits by the exchange's.
    """

    method: str
    path: str
    shown_path: str
    query: str
    body: str
    params: dict[str, str]
    api_key: str
    account: str
    address: str
    arrived_ms: int
    aheads_ms: tuple[int, ...]
    number: int
    conditions: Conditions = Conditions()


class _Outcome(msgspec.Struct, frozen=True):
    """What execution answers, and the facts that are still to be told."""

    answer: Respond
    facts: list[Fact] = []


class RestInterface:
    """Answers REST requests; the rules of a book decide about them and their answers."""

    def __init__(self, floor: Floor, keys: ApiKeys, book: RuleBook, lines: Lines) -> None:
        self._floor = floor
        self._faults = RequestFaults(book, lines, floor.clock, floor.chronicle)
        self._names = keys.names
        self._keys = keys

    async def answer(self, http: HttpRequest, path: str, query: str) -> WholeAnswer:
        """Answer one request."""
        request = await self._receive(http, path, query)
        steps = PLAIN
        if self._faults.sees_requests:
            sight = _sight("request", request)
            request = msgspec.structs.replace(request, conditions=self._faults.conditions(sight))
            steps = self._faults.steps(sight, request.number)
        if steps.wait_s:
            await self._floor.clock.sleep(steps.wait_s)
        if steps.execute:
            return await self._execute(http, request, steps)
        return await self._respond(http, request, steps.answer or Respond(200), [])

    async def _execute(self, http: HttpRequest, request: _Request, steps: Plan) -> WholeAnswer:
        with self._floor.chronicle.turn():
            outcome = self._outcome(request)
            untold = list(outcome.facts)
            if steps.hold_s or self._floor.venue.profile.rest_answer == "after_events":
                self._tell(untold)
        if steps.hold_s:
            await self._floor.clock.sleep(steps.hold_s)
        self._faults.slow_down(http.transport, steps)
        response = await self._respond(http, request, steps.answer or outcome.answer, untold)
        if untold:
            try:
                response.send(http)
            finally:  # that its sender has gone takes nothing back
                self._tell(untold)
        return response

    def _tell(self, untold: list[Fact]) -> None:
        """Tell the streams. Facts wait for the answer that leaves first, but never for one that is held back."""
        self._floor.tell(untold)
        untold.clear()

    async def _receive(self, http: HttpRequest, path: str, query: str) -> _Request:
        body = (await http.read()).decode(errors="replace") if http.can_read_body and http.method != "GET" else ""
        params = security.read_params(query, body, http.content_type)
        api_key = http.headers.get("X-MBX-APIKEY", "")
        account, shown_path = self._names.get(api_key, ""), mask_text(path)
        entry = self._floor.chronicle.record(
            "request",
            direction="in",
            account=account,
            method=http.method,
            path=shown_path,
            body=masked_params(params),
            size=len(query) + len(body),
        )
        return _Request(
            method=http.method,
            path=path,
            shown_path=shown_path,
            query=query,
            body=body,
            params=params,
            api_key=api_key,
            account=account,
            address=http.remote or "",
            arrived_ms=entry.time_ms,
            aheads_ms=self._floor.clock.aheads_ms,
            number=entry.seq,
        )

    def _outcome(self, request: _Request) -> _Outcome:
        route, now_ms = ROUTES.get((request.method, request.path)), self._floor.clock.time_ms()
        try:
            self._floor.venue.counters.check_ban(request.address, now_ms)
            if route is None:
                return self._astray(request)
            self._admit(route, request, now_ms)
            answer = self._perform(route, request, now_ms)
        except VenueError as error:
            return _Outcome(self._refusal(error, route, request, now_ms))
        headers = self._used(route, request, now_ms)
        if route.orders != (0, 0):
            headers |= self._counts(request, now_ms)
        if request.path in _CLOCK_PATHS:
            self._floor.clock.tell()
        body = skewed(answer.body, request.conditions.skew_ms)
        return _Outcome(Respond(200, body=body, headers=headers), answer.facts)

    def _astray(self, request: _Request) -> _Outcome:
        """Answer a request that no endpoint answers."""
        if is_hostile(request.method, f"{request.path}?{request.query}"):
            self._note(request, f"refused by the firewall: {request.method} {request.path}")
            return _Outcome(Respond(403, body=FORBIDDEN_PAGE))
        self._note(request, f"unknown path {request.method} {request.path}")
        return _Outcome(Respond(404, body=NOT_FOUND_PAGE))

    def _admit(self, route: Route, request: _Request, now_ms: int) -> None:
        venue = self._floor.venue
        if route.bucket == "funding":
            venue.counters.admit_funding(request.address, now_ms)
        else:
            weight = venue.profile.weights.get(request.path, -1)
            weight = route.weigh(request.params) if weight < 0 else weight
            venue.counters.admit_weight(request.address, weight, now_ms)

    def _perform(self, route: Route, request: _Request, now_ms: int) -> Answer:
        venue = self._floor.venue
        security.check_repeats(request.query, request.body, request.params)
        self._authenticate(route, request, now_ms)
        venue.counters.admit_orders(request.account, route.orders, now_ms)
        as_of_ms = (request.conditions.lag or venue.read_lag).as_of(request.path, route.reads, now_ms)
        return route.endpoint(venue, Call(request.params, request.account, now_ms, as_of_ms, request.api_key))

    def _refusal(self, error: VenueError, route: Route | None, request: _Request, now_ms: int) -> Respond:
        if isinstance(error, DiagnosedError):
            self._note(request, error.diagnosis)
        headers = self._used(route, request, now_ms) if route else {}
        if isinstance(error, LimitError) and self._floor.venue.profile.retry_after == "present":
            headers["retry-after"] = str(-(-(error.until_ms - now_ms) // 1000))
        return Respond(error.status, error.code, error.message, headers=headers)

    def _used(self, route: Route, request: _Request, now_ms: int) -> dict[str, str]:
        if route.bucket == "funding":
            return {}
        used = self._floor.venue.counters.used_weight(request.address, now_ms)
        headers = {"x-mbx-used-weight-1m": str(used)}
        if request.path.startswith("/api/"):
            headers["x-mbx-used-weight"] = str(used)  # the spot exchange's own header, which its clients read
        return headers

    def _counts(self, request: _Request, now_ms: int) -> dict[str, str]:
        ten_seconds, minute = self._floor.venue.counters.used_orders(request.account, now_ms)
        return {"x-mbx-order-count-10s": str(ten_seconds), "x-mbx-order-count-1m": str(minute)}

    def _authenticate(self, route: Route, request: _Request, now_ms: int) -> None:
        if route.security == "none":
            return
        profile = self._floor.venue.profile
        security.known_key(request.api_key, self._names, profile.request_ip)
        if route.security != "signed":
            return
        is_for_engine = request.path in _ENGINE_PATHS and request.method in {"POST", "PUT"}
        skew_ms = request.conditions.skew_ms
        judged_ms = request.arrived_ms if is_for_engine else now_ms
        security.check_timestamp(request.params, judged_ms + skew_ms, profile, request.aheads_ms)
        security.check_signature(
            request.query,
            request.body,
            self._keys.signers[request.api_key],
            profile=profile,
            keys=self._keys.signers_by_name,
            api_key=request.api_key,
        )
        if is_for_engine and now_ms > request.arrived_ms:
            security.check_engine_window(request.params, now_ms + skew_ms, profile, request.aheads_ms)

    async def _respond(self, http: HttpRequest, request: _Request, answer: Ending, untold: list[Fact]) -> WholeAnswer:
        """Return what goes out for an answer that is known, as the rules about responses want it."""
        steps = NO_ANSWER
        if self._faults.sees_answers and isinstance(answer, Respond):
            steps = self._faults.steps_of_answer(_sight("response", request, answer), request.number)
        if steps.hold_s:
            if untold:
                self._tell(untold)
            await self._floor.clock.sleep(steps.hold_s)
        self._faults.slow_down(http.transport, steps)
        told = steps.answer or answer
        if isinstance(told, Respond):
            return self._written(request, told, steps.corrupt)
        self._record(request, 0, None, summary=what_was_done(told))
        half_sent = None
        if isinstance(answer, Respond) and isinstance(told, Reset) and told.sent == "half":
            half_sent = self._whole(request, answer, None)[0]
        return Farewell(self._faults.farewell(told), half_sent)

    def _written(self, request: _Request, answer: Respond, corrupt: Corrupt | None) -> WholeAnswer:
        whole, size = self._whole(request, answer, corrupt)
        summary = f"spoilt: {corrupt!r}" if corrupt else _named_wait(answer)
        self._record(request, answer.status, _shown(_body_of(answer), size), size=size, summary=summary)
        return whole

    def _whole(self, request: _Request, answer: Respond, corrupt: Corrupt | None) -> tuple[WholeAnswer, int]:
        """Return an answer, and the size of its body."""
        body = _body_of(answer)
        payload = spoilt_content(corrupt, body) if corrupt is not None else _encoded(body)
        content_type = "text/html" if isinstance(body, str) else "application/json"
        now_ms = self._floor.clock.time_ms()
        headers = {**FRONT_HEADERS, "x-response-time": f"{now_ms - request.arrived_ms}ms", **answer.headers}
        told_ms = now_ms + request.conditions.skew_ms
        return WholeAnswer(answer.status, payload, content_type, headers, time_ms=told_ms), len(payload)

    def _record(self, request: _Request, status: int, body: object, *, size: int = 0, summary: str = "") -> None:
        self._floor.chronicle.record(
            "response",
            direction="out",
            account=request.account,
            about=request.number,
            method=request.method,
            path=request.shown_path,
            status=status,
            summary=summary,
            body=body,
            size=size,
        )

    def _note(self, request: _Request, summary: str) -> None:
        self._floor.chronicle.record(
            "note", account=request.account, about=request.number, method=request.method, summary=mask_text(summary)
        )


def _named_wait(answer: Respond) -> str:
    """Return what an answer says of when to come again: headers are not in the journal."""
    if answer.status not in {418, 429, 503}:
        return ""
    wait = next((value for name, value in answer.headers.items() if name.lower() == "retry-after"), "")
    return f"retry-after {wait}" if wait else ""


def _body_of(answer: Respond) -> object:
    """Return the body of an answer: what it says, or a page, or the exchange's code and message."""
    if answer.body is not None:
        return answer.body
    page = "" if answer.code or answer.message else page_of(answer.status)
    return page or {"code": answer.code, "msg": answer.message}


def _encoded(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else msgspec.json.encode(body)


def _sight(what: What, request: _Request, answer: Respond | None = None) -> Sight:
    body = _body_of(answer) if answer is not None else None
    return Sight(
        what=what,
        account=request.account,
        method=request.method,
        path=request.path,
        params=request.params,
        status=answer.status if answer is not None else 0,
        body=body if isinstance(body, dict) else {},
    )


def _shown(body: object, size: int) -> object:
    """Return what the journal keeps of an answer: all of it, unless it holds a key or is large."""
    if isinstance(body, dict) and "listenKey" in body:
        return body | {"listenKey": mask(body["listenKey"])}
    return body if size <= _MOST_JOURNALED_BYTES else {"omitted": f"{size} bytes"}
