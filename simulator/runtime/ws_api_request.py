"""One request on a socket of the WebSocket API: what is known of it, and how its answer is written.

An answer becomes `result` if its status is 200, and `error` otherwise.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from simulator.core.facts import Fact
from simulator.core.faults.corruption import Corrupt, spoilt_bytes, spoilt_content
from simulator.core.faults.fault import Respond
from simulator.core.faults.rule import Conditions, Sight
from simulator.core.faults.verdict import What
from simulator.core.journal import mask, mask_text
from simulator.core.venue import Route
from simulator.core.ws_api.ws_api import ApiRequest
from simulator.runtime.ws_api_connection import ApiConnection

__all__ = [
    "Outcome",
    "SocketRequest",
    "content_of",
    "error_of",
    "payload_of_answer",
    "shown",
    "sight_of",
    "without_secrets",
]

_MOST_JOURNALED_BYTES: Final = 65_536
_MOST_SHOWN_CHARACTERS: Final = 1000
_SECRETS: Final = re.compile(r"""(["'](?:apiKey|listenKey|signature)["']\s*:\s*["']?)[^"',}]*""")


class SocketRequest(msgspec.Struct, frozen=True):
    """What arrived, when, on which connection, for which endpoint, and the journal's `seq` of it.

    `account` is whose key it shows, or whose session it is; "" when nobody's. `aheads_ms` is how far the exchange's
    clock was ahead of its clients' then.
    """

    asked: ApiRequest
    connection: ApiConnection
    account: str
    http_method: str
    path: str
    route: Route | None
    arrived_ms: int
    aheads_ms: tuple[int, ...]
    number: int
    conditions: Conditions = Conditions()

    @property
    def shows_rate_limits(self) -> bool:
        """Whether its answer tells what of the limits is used."""
        wanted = self.asked.returns_rate_limits
        return self.connection.session.returns_rate_limits if wanted is None else wanted


class Outcome(msgspec.Struct, frozen=True):
    """What execution answers, and the facts that are still to be told."""

    answer: Respond
    facts: list[Fact] = []


def content_of(answer: Respond) -> dict[str, Any]:
    """Return an answer as a member of the response: `result`, or `error`."""
    if answer.status == 200:
        return {"result": {} if answer.body is None else answer.body}
    if isinstance(answer.body, dict):
        return {"error": answer.body}
    return {"error": error_of(answer.code, answer.message or str(answer.body or ""))}


def error_of(code: int, message: str) -> dict[str, Any]:
    """Return a refusal as the exchange writes it."""
    return {"code": code, "msg": message}


def shown(body: object, size: int) -> object:
    """Return what the journal keeps of a result: all of it, unless it holds a key or is large."""
    if size > _MOST_JOURNALED_BYTES:
        return {"omitted": f"{size} bytes"}
    if not isinstance(body, dict):
        return body
    return body | {name: mask(body[name]) for name in ("listenKey", "apiKey") if body.get(name)}


def payload_of_answer(response: dict[str, Any], corrupt: Corrupt | None) -> bytes:
    """Return the bytes of a response; spoilt, its `id` and `status` stay, unless the bytes themselves are."""
    if corrupt is None:
        return msgspec.json.encode(response)
    spoilt = {
        name: msgspec.Raw(spoilt_content(msgspec.structs.replace(corrupt, how=_inner(corrupt)), value))
        if name in {"result", "error"}
        else value
        for name, value in response.items()
    }
    return spoilt_bytes(corrupt, msgspec.json.encode(spoilt))


def _inner(corrupt: Corrupt) -> Any:
    return "as_it_is" if corrupt.how in {"truncated", "bad_json", "binary"} else corrupt.how


def without_secrets(text: str) -> str:
    """Return what the journal shows of a frame that is no request."""
    return mask_text(_SECRETS.sub(r"\1…", text[:_MOST_SHOWN_CHARACTERS]))


def sight_of(what: What, request: SocketRequest, answer: Respond | None = None) -> Sight:
    """Return what a rule sees of a request, or of its answer."""
    body = None if answer is None else next(iter(content_of(answer).values()))
    return Sight(
        what=what,
        account=request.account,
        connection=request.connection.number,
        method=request.http_method,
        path=request.path,
        params=request.asked.params,
        event=request.asked.method,
        status=0 if answer is None else answer.status,
        body=body if isinstance(body, dict) else {},
    )
