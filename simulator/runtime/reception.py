"""Where every request arrives: streams, the WebSocket API, the control plane, and REST for all the rest."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from simulator.core.journal import mask_text
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.control import Control
from simulator.runtime.plain_http import PlainRequest
from simulator.runtime.rest import RestInterface
from simulator.runtime.stream import Streams
from simulator.runtime.whole_answer import ForAiohttp, WholeAnswer
from simulator.runtime.ws_api import WS_API_PATH, WsApi

__all__ = ["Reception"]

_ORIGIN: Final = re.compile("^https?://[^/?]*", re.IGNORECASE)
"""What stands before the path when a client asks as it would ask a proxy (RFC 9112, section 3.2.2)."""


class Reception:
    """Sends each request to what answers it."""

    def __init__(
        self, chronicle: Chronicle, rest: RestInterface, streams: Streams, control: Control, ws_api: WsApi
    ) -> None:
        self._chronicle = chronicle
        self._rest = rest
        self._streams = streams
        self._control = control
        self._ws_api = ws_api

    async def receive(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request. A defect of the simulator becomes HTTP 500, and is raised when the simulator stops."""
        path, _, query = _ORIGIN.sub("", _as_text(request.raw_path)).partition("?")
        try:
            return await self._answer(request, path, query)
        except Exception as error:  # noqa: BLE001  each gets its answer
            return ForAiohttp(self._answer_to(error, request.method, path))

    async def receive_plain(self, request: PlainRequest) -> WholeAnswer:
        """Answer a request to REST, as `receive` does."""
        path, _, query = request.raw_path.partition("?")
        try:
            return await self._rest.answer(request, path, query)
        except Exception as error:  # noqa: BLE001  each gets its answer
            return self._answer_to(error, request.method, path)

    def _answer_to(self, error: Exception, method: str, path: str) -> WholeAnswer:
        """Write down what kept a request from its answer, and return what it is answered instead."""
        match error:
            case web.HTTPException():
                self._chronicle.record("note", direction="in", path=mask_text(path), summary=error.reason)
                return WholeAnswer(error.status, (error.text or "").encode())
            case ConnectionError():
                return self._cut_short(path, "the client left before its answer")
            case web.RequestPayloadError():
                return self._cut_short(path, f"the body cannot be read to its end: {' '.join(str(error).split())}")
            case _:
                self._chronicle.fail(error, mask_text(f"{method} {path}"))
                return WholeAnswer(500, b"internal error of the simulator")

    def _cut_short(self, path: str, summary: str) -> WholeAnswer:
        self._chronicle.record("connection", direction="in", path=mask_text(path), summary=mask_text(summary))
        return WholeAnswer(400)

    def note(self, summary: str) -> None:
        """Write down what a client sent that is no request at all."""
        self._chronicle.record("note", direction="in", summary=mask_text(summary))

    async def _answer(self, request: web.BaseRequest, path: str, query: str) -> web.StreamResponse:
        if path.startswith("/sim/"):
            return await self._control.handle(request)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            if path == WS_API_PATH:
                return await self._ws_api.serve(request, query)
            return await self._streams.serve(request, path, query)
        return ForAiohttp(await self._rest.answer(request, path, query))


def _as_text(target: str) -> str:
    """Return what was asked for without the bytes that are no text; parsers differ in whether they pass them on."""
    return target if target.isascii() else target.encode(errors="surrogateescape").decode(errors="replace")
