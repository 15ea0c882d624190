"""Recorded REST: how a conversation with an exchange gets onto a cassette without its secrets, and off it again.

Redaction happens before anything is written: the API key of the header, `signature` and `timestamp` of the query, and
every listen key, in addresses and in bodies alike, are replaced by fixed words. Requests are matched in the same,
redacted form, so that a client with any key, at any time, gets the recorded answers. The exchange's port, and response
headers that say nothing about it, are dropped, so that recording again changes only what the exchange changed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import msgspec
import vcr  # type: ignore[import-untyped]  # vcrpy carries no types
from vcr.request import Request  # type: ignore[import-untyped]  # the same
from yarl import URL

from user_stream.errors import RequestRejectedError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.settings import Environment

__all__ = [
    "CASSETTES",
    "LISTEN_KEY_MASK",
    "MASK",
    "Conversation",
    "cassette_recorder",
    "converse",
    "redact_request",
    "redact_response",
]

CASSETTES: Final = Path(__file__).parents[2] / "fixtures" / "cassettes"
MASK: Final = "REDACTED"
LISTEN_KEY_MASK: Final = "FIXTURELISTENKEY" * 4
"""64 letters, as a listen key has, so that what reads it takes it for one."""

_SECRET_IN_A_QUERY: Final = {"signature": MASK, "timestamp": MASK, "listenKey": LISTEN_KEY_MASK}
_LISTEN_KEY_IN_A_BODY: Final = re.compile(rb'("listenKey"\s*:\s*")[^"]+"')
_KEPT_HEADERS: Final = re.compile(r"content-type|retry-after|x-mbx-.*", re.IGNORECASE)


def redact_request(request: Request) -> Request:
    """Return a request with its address, and its form body if it has one, free of secrets."""
    url = URL(request.uri)
    address = URL(Environment.SIMULATOR.rest_url) if url.host == "127.0.0.1" else url.origin()
    request.uri = str(address.with_path(url.path).with_query(_without_secrets(url.query_string)))
    if request.body:
        request.body = _without_secrets(request.body.decode())
    return request


def _without_secrets(form: str) -> str:
    pairs = (pair.partition("=") for pair in form.split("&") if pair)
    return "&".join(f"{name}{equals}{_SECRET_IN_A_QUERY.get(name, value)}" for name, equals, value in pairs)


def redact_response(response: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without listen keys, and with only the headers that tell about the exchange."""
    body = _LISTEN_KEY_IN_A_BODY.sub(rb"\g<1>" + LISTEN_KEY_MASK.encode() + b'"', response["body"]["string"])
    headers = {name: value for name, value in response["headers"].items() if _KEPT_HEADERS.fullmatch(name)}
    return response | {"headers": headers, "body": {"string": body}}


def cassette_recorder(record_mode: str = "none") -> vcr.VCR:
    """Return what records and replays. As it is made by default it only replays, and refuses any other request."""
    return vcr.VCR(
        record_mode=record_mode,
        match_on=("method", "scheme", "host", "port", "path", "query"),
        filter_headers=[("X-MBX-APIKEY", MASK)],
        before_record_request=redact_request,
        before_record_response=redact_response,
    )


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """What a client learned from one conversation. Quantities in the base asset, prices and balances in the quote."""

    listen_key: str
    extended_key: str
    resting: str
    refusal: int
    ended: str
    executed: str
    position: str
    balance: str
    absent: bool


async def converse(rest: BinanceRest) -> Conversation:
    """Have the conversation: a listen key's life, an order that is cancelled, one that fills, one that is refused."""
    await rest.synchronize_clock()
    listen_key = await rest.create_listen_key()
    extended_key = await rest.extend_listen_key()
    limit = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.002"}
    await rest.place_order(limit | {"price": "62000", "newClientOrderId": "cassette-1"})
    [resting] = await rest.open_orders()
    await rest.cancel_order("BTCUSDT", "cassette-1")
    cancelled = await rest.order_by_client_id("BTCUSDT", "cassette-1")
    market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.002"}
    await rest.place_order(market | {"newClientOrderId": "cassette-2"})
    refusal = await _refusal(rest, {"symbol": "NOSUCHUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"})
    filled = await rest.order_by_client_id("BTCUSDT", "cassette-2")
    assert cancelled is not None
    assert filled is not None
    [position] = await rest.positions("BTCUSDT")
    absent = await rest.order_by_client_id("BTCUSDT", "cassette-3")
    balances = {row.asset: row.balance for row in await rest.balances()}
    await rest.delete_listen_key()
    return Conversation(
        listen_key=listen_key,
        extended_key=extended_key,
        resting=resting.status,
        refusal=refusal,
        ended=cancelled.status,
        executed=filled.executed_qty,
        position=position.position_amt,
        balance=balances["USDT"],
        absent=absent is None,
    )


async def _refusal(rest: BinanceRest, order: dict[str, str | int]) -> int:
    try:
        await rest.place_order(order)
    except RequestRejectedError as refusal:
        return refusal.code
    return 0
