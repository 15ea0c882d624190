"""What a program without any client library sees: `requests` and `websockets`, signed by hand as the documents say."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from websockets.asyncio.client import ClientConnection, connect

from tests.strangers.venue import PATIENCE_S, Keys, Venue

LIMIT_BUY = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010", "price": "60000",
}  # fmt: skip


def signed(keys: Keys, params: Mapping[str, object]) -> str:
    query = urlencode({**params, "timestamp": time.time_ns() // 1_000_000})
    return f"{query}&signature={hmac.new(keys.secret.encode(), query.encode(), hashlib.sha256).hexdigest()}"


def ask(venue: Venue, method: str, path: str, query: str = "", body: str = "") -> requests.Response:
    headers = {"X-MBX-APIKEY": venue.keys.api_key, "Content-Type": "application/x-www-form-urlencoded"}
    url = f"{venue.rest}{path}?{query}"
    return requests.request(method, url, headers=headers, data=body, timeout=PATIENCE_S)


def listen_key(venue: Venue) -> str:
    return str(ask(venue, "POST", "/fapi/v1/listenKey").json()["listenKey"])


async def read(socket: ClientConnection) -> Any:
    return json.loads(await socket.recv())


@pytest.mark.parametrize("place", ["query", "body"])
def test_order_is_taken_from_the_query_and_from_the_body(venue: Venue, place: str) -> None:
    answer = ask(venue, "POST", "/fapi/v1/order", **{place: signed(venue.keys, LIMIT_BUY)})
    assert (answer.status_code, answer.json()["status"]) == (200, "NEW")
    assert int(answer.headers["X-MBX-ORDER-COUNT-1M"]) == 1
    assert int(answer.headers["X-MBX-USED-WEIGHT-1M"]) >= 0
    assert answer.headers["Content-Type"].startswith("application/json")


def test_signature_is_over_query_and_body_together(venue: Venue) -> None:
    query, body = urlencode({"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}), ""
    body = urlencode({"quantity": "0.010", "price": "60000", "timestamp": time.time_ns() // 1_000_000})
    signature = hmac.new(venue.keys.secret.encode(), (query + body).encode(), hashlib.sha256).hexdigest()
    answer = ask(venue, "POST", "/fapi/v1/order", query, f"{body}&signature={signature}")
    assert answer.json()["status"] == "NEW"


def test_unknown_path_is_an_html_page(venue: Venue) -> None:
    answer = ask(venue, "GET", "/fapi/v1/account")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (404, "text/html")
    assert answer.text.startswith("<html>")


@pytest.mark.parametrize(
    "form",
    [
        "/ws/{key}",
        "/stream?streams={key}",
        "/private/ws/{key}",
        "/private/stream/{key}",
        "/private/ws?listenKey={key}",
        "/private/stream?listenKey={key}",
        "/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE",
    ],
)
async def test_every_form_of_url_carries_user_data(venue: Venue, form: str) -> None:
    key = listen_key(venue)
    async with connect(venue.ws + form.format(key=key)) as socket:
        ask(venue, "POST", "/fapi/v1/order", signed(venue.keys, LIMIT_BUY))
        message = await read(socket)
    if "stream" in form:
        assert message["stream"].split("@")[0] == key
        message = message["data"]
    assert (message["e"], message["o"]["X"]) == ("ORDER_TRADE_UPDATE", "NEW")


async def test_key_is_subscribed_listed_and_unsubscribed(venue: Venue) -> None:
    key = listen_key(venue)
    async with connect(f"{venue.ws}/private/ws") as socket:
        for request in (
            {"method": "SUBSCRIBE", "params": [key], "id": "a-text"},
            {"method": "LIST_SUBSCRIPTIONS", "id": 2},
            {"method": "UNSUBSCRIBE", "params": [key], "id": 3},
            {"method": "LIST_SUBSCRIPTIONS", "id": 4},
        ):
            await socket.send(json.dumps(request))
        answers = [await read(socket) for _ in range(4)]
    assert answers == [
        {"result": None, "id": "a-text"},
        {"result": [key], "id": 2},
        {"result": None, "id": 3},
        {"result": [], "id": 4},
    ]


@pytest.fixture
async def ws_api(venue: Venue) -> AsyncIterator[ClientConnection]:
    async with connect(venue.ws_api) as socket:
        yield socket


async def test_order_is_placed_over_the_websocket_api(venue: Venue, ws_api: ClientConnection) -> None:
    params = LIMIT_BUY | {"apiKey": venue.keys.api_key, "timestamp": time.time_ns() // 1_000_000}
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    params["signature"] = hmac.new(venue.keys.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    await ws_api.send(json.dumps({"id": "mine", "method": "order.place", "params": params}))
    answer = await read(ws_api)
    assert (answer["id"], answer["status"], answer["result"]["status"]) == ("mine", 200, "NEW")
    assert {limit["rateLimitType"] for limit in answer["rateLimits"]} >= {"ORDERS"}


async def test_wrong_request_on_the_websocket_api_says_what_is_wrong(ws_api: ClientConnection) -> None:
    await ws_api.send(json.dumps({"id": 1, "method": "order.place", "params": {"symbol": "BTCUSDT"}}))
    answer = await read(ws_api)
    assert answer["status"] in {400, 401}
    assert answer["error"]["code"] < 0


async def test_book_that_is_kept_from_diffs_becomes_the_one_that_is_fetched(venue: Venue) -> None:
    def fetched() -> Any:
        return ask(venue, "GET", "/fapi/v1/depth", "symbol=BTCUSDT&limit=1000").json()

    async with connect(f"{venue.ws}/public/ws/btcusdt@depth@100ms") as socket:
        venue.set_price("BTCUSDT", 65010)
        diffs = [await read(socket)]
        start = fetched()
        venue.set_price("BTCUSDT", 65020)
        end = {side: dict(fetched()[side]) for side in ("bids", "asks")}
        book = {side: dict(start[side]) for side in ("bids", "asks")}
        async with asyncio.timeout(PATIENCE_S):
            while book != end:
                diff = await read(socket)
                diffs.append(diff)
                if diff["u"] < start["lastUpdateId"]:
                    continue
                for side, changes in (("bids", diff["b"]), ("asks", diff["a"])):
                    book[side] |= dict(changes)
                    book[side] = {price: quantity for price, quantity in book[side].items() if float(quantity)}
    assert all(later["pu"] == earlier["u"] for earlier, later in pairwise(diffs))
    first = next(diff for diff in diffs if diff["u"] >= start["lastUpdateId"])
    assert first["U"] <= start["lastUpdateId"]


async def test_market_is_subscribed_to_while_connected(venue: Venue) -> None:
    async with connect(f"{venue.ws}/market/stream") as socket:
        await socket.send(json.dumps({"method": "SUBSCRIBE", "params": ["btcusdt@markPrice@1s"], "id": 1}))
        assert await read(socket) == {"result": None, "id": 1}
        message = await read(socket)
    assert (message["stream"], message["data"]["e"]) == ("btcusdt@markPrice@1s", "markPriceUpdate")
