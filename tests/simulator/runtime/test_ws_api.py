"""The WebSocket API answers as REST does: same checks, same effects, same limits, in its own envelope."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from simulator import (
    Profile,
    Simulator,
)
from tests.contract.shape import fixture
from tests.simulator.runtime.api_socket import (
    ED25519_ACCOUNT,
    LIMIT_ORDER,
    MARKET_ORDER,
    connect,
    open_api,
)
from tests.simulator.runtime.wire import Wire


def weight_of(response: dict[str, Any]) -> int:
    return int(response["rateLimits"][0]["count"])


@pytest.mark.parametrize("request_id", [7, "3f7df6e3-2df4-44b9", None])
async def test_a_response_repeats_the_id_of_its_request(request_id: object) -> None:
    async with open_api() as (_, api):
        response = await api.ask("order.place", request_id, **LIMIT_ORDER)

    assert (response["id"], response["status"], response["result"]["status"]) == (request_id, 200, "NEW")
    assert list(response) == ["id", "status", "result", "rateLimits"]


async def test_an_order_lives_here_as_over_rest() -> None:
    async with open_api() as (simulator, api), Wire(simulator) as wire:
        order_id = (await api.ask("order.place", **LIMIT_ORDER))["result"]["orderId"]
        named = {"symbol": "BTCUSDT", "orderId": order_id}
        amended = await api.ask("order.modify", **named, side="BUY", quantity="0.020", price="59000")
        over_rest = await wire.ask("GET", "/fapi/v1/order", **named)
        status = await api.ask("order.status", **named)
        cancelled = await api.ask("order.cancel", **named)
        again = await api.ask("order.cancel", **named)

    assert (amended["result"]["price"], amended["result"]["origQty"]) == ("59000.00", "0.020")
    assert status["result"] == over_rest.body
    assert cancelled["result"]["status"] == "CANCELED"
    assert (again["status"], again["error"]) == (400, fixture("errors/examples.json")["-2011"]["body"])


async def test_a_conditional_order_is_placed_and_cancelled() -> None:
    stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.010"}
    async with open_api() as (_, api):
        placed = await api.ask("algoOrder.place", **stop, triggerPrice="60000")
        elsewhere = await api.ask("order.place", symbol="BTCUSDT", side="SELL", type="STOP_MARKET", stopPrice="60000")
        cancelled = await api.ask("algoOrder.cancel", algoId=placed["result"]["algoId"])

    assert placed["result"]["algoStatus"] == "NEW"
    assert elsewhere["error"]["code"] == -4120
    assert cancelled["result"]["code"] == "200"


async def test_decimals_may_be_numbers_and_integers_texts() -> None:
    async with open_api() as (simulator, api):
        response = await api.ask("order.place", **LIMIT_ORDER | {"quantity": 0.02, "price": 60000})
        found = await api.ask(
            "order.status",
            symbol="BTCUSDT",
            orderId=str(response["result"]["orderId"]),
            timestamp=str(simulator.time_ms),
        )

    assert (found["result"]["origQty"], found["result"]["price"]) == ("0.020", "60000.00")


async def test_events_go_to_the_stream_and_never_to_this_socket() -> None:
    async with open_api() as (simulator, api), Wire(simulator) as wire:
        stream = await wire.stream()
        response = await api.ask("order.place", **MARKET_ORDER)
        events = await stream.read_names(4)
        is_silent = await api.is_silent()

    assert response["status"] == 200
    assert events == ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
    assert is_silent


async def test_a_listen_key_is_started_kept_alive_and_stopped_by_the_api_key_alone() -> None:
    async with open_api() as (simulator, api):
        key = {"apiKey": simulator.account.api_key}
        started = await api.send("userDataStream.start", 1, key)
        kept = await api.send("userDataStream.ping", 2, key)
        stopped = await api.send("userDataStream.stop", 3, key)
        gone = await api.send("userDataStream.ping", 4, key)

        assert started["result"] == kept["result"]
        assert len(started["result"]["listenKey"]) == 64
        assert stopped["result"] == {}
        assert gone["error"]["code"] == -1125
        assert started["result"]["listenKey"] not in simulator.journal.text()
        assert all(started["result"]["listenKey"] not in str(entry.body) for entry in simulator.journal)


async def test_prices_need_no_key() -> None:
    async with open_api() as (_, api):
        one = await api.send("ticker.price", 1, {"symbol": "BTCUSDT"})
        every = await api.send("ticker.price", 2)
        unknown = await api.send("ticker.price", 3, {"symbol": "NIXUSDT"})

    assert one["result"]["price"] == "65000.00"
    assert len(every["result"]) > 5
    assert unknown["error"] == fixture("errors/examples.json")["-1121"]["body"]


async def test_the_book_and_its_best_prices_have_the_same_update_id() -> None:
    async with open_api() as (_, api):
        depth = (await api.send("depth", 1, {"symbol": "BTCUSDT", "limit": 5}))["result"]
        best = (await api.send("ticker.book", 2, {"symbol": "BTCUSDT"}))["result"]
        every = (await api.send("ticker.book", 3))["result"]

    assert best["lastUpdateId"] == depth["lastUpdateId"]
    assert [best["bidPrice"], best["bidQty"]] == depth["bids"][0]
    assert all(ticker["lastUpdateId"] > 0 for ticker in every)


@pytest.mark.parametrize(
    ("name", "change", "status"),
    [
        ("-1102", {"quantity": ""}, 400),
        ("-1021", {"timestamp": 1}, 400),
        ("-1022", {"signature": "0" * 64}, 400),
        ("-2014", {"apiKey": "short"}, 401),
    ],
)
async def test_errors_are_wrapped_with_the_status_of_http(name: str, change: dict[str, object], status: int) -> None:
    async with open_api() as (_, api):
        signed = api.signed(**LIMIT_ORDER | change)
        response = await api.send("order.place", "e", signed | {k: v for k, v in change.items() if k == "signature"})

    assert response["id"] == "e"
    assert (response["status"], response["error"]) == (status, fixture("errors/examples.json")[name]["body"])
    assert "result" not in response


async def test_a_signature_that_fails_is_explained_in_the_journal() -> None:
    async with open_api() as (simulator, api):
        await api.send("order.place", 1, api.signed(**LIMIT_ORDER) | {"signature": "0" * 64})

        (note,) = simulator.journal.entries(kind="note")
        assert "wrong secret or private key" in note.summary
        assert simulator.account.api_key not in note.summary


async def test_what_is_no_request_is_refused_and_the_connection_goes_on() -> None:
    async with open_api() as (simulator, api):
        broken = await api.send_text("{")
        unknown = await api.send("order.oops", 5, {"apiKey": simulator.account.api_key, "signature": "s+/="})
        await api.send_bytes(b"{}")
        fine = await api.send("ticker.price", 6, {"symbol": "BTCUSDT"})

        assert (broken["id"], broken["status"], broken["error"]["code"]) == (None, 400, -1135)
        assert (unknown["id"], unknown["status"], unknown["error"]["code"]) == (5, 400, -1020)
        assert fine["status"] == 200
        frames = simulator.journal.entries(kind="frame")
        assert "order.oops" in frames[-1].summary
        assert not any(secret in frames[-1].summary for secret in ("s+/=", simulator.account.api_key))


# --- limits -------------------------------------------------------------------------------------------------------


async def test_a_connection_costs_five_and_requests_share_the_weight_of_rest() -> None:
    async with open_api() as (simulator, api), Wire(simulator) as wire:
        first = await api.ask("account.balance")
        over_rest = await wire.send("GET", "/fapi/v1/ping")
        order = await api.ask("order.place", **LIMIT_ORDER)

    assert weight_of(first) == 10
    assert {name.lower(): value for name, value in over_rest.headers.items()}["x-mbx-used-weight-1m"] == "11"
    assert [limit["count"] for limit in order["rateLimits"]] == [11, 1, 1]


async def test_the_weight_may_be_apart_from_that_of_rest() -> None:
    """U25: one source says so."""
    async with open_api(profile=Profile(ws_api_weight="separate")) as (simulator, api), Wire(simulator) as wire:
        for _ in range(5):
            await wire.send("GET", "/fapi/v1/ping")
        response = await api.ask("account.balance")

    assert weight_of(response) == 10


async def test_orders_count_for_both_interfaces_together() -> None:
    async with open_api() as (simulator, api), Wire(simulator) as wire:
        await wire.ask("POST", "/fapi/v1/order", **LIMIT_ORDER)
        response = await api.ask("order.place", **LIMIT_ORDER)

    assert [limit["count"] for limit in response["rateLimits"][1:]] == [2, 2]


async def test_too_many_orders_are_refused() -> None:
    async with open_api() as (_, api):
        responses = [await api.ask("order.place", number, **MARKET_ORDER) for number in range(301)]

    assert {response["status"] for response in responses[:-1]} == {200}
    assert (responses[-1]["status"], responses[-1]["error"]["code"]) == (429, -1015)


async def test_too_much_weight_is_refused_and_so_is_the_next_handshake() -> None:
    async with open_api() as (simulator, api):
        responses = [await api.ask("account.balance", number) for number in range(480)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with connect(simulator):
                pass

    assert (responses[-1]["status"], responses[-1]["error"]["code"]) == (429, -1003)
    assert refused.value.status == 429


@pytest.mark.parametrize(
    ("query", "said", "shown"),
    [
        ("", None, True),
        ("", False, False),
        ("?returnRateLimits=false", None, False),
        ("?returnRateLimits=false", True, True),
        ("?returnRateLimits=true", None, True),
    ],
)
async def test_rate_limits_are_hidden_by_the_url_or_by_the_request(query: str, said: bool | None, shown: bool) -> None:
    params = {"symbol": "BTCUSDT"} | ({} if said is None else {"returnRateLimits": said})
    async with open_api(query) as (_, api):
        response = await api.send("ticker.price", 1, params)

    assert ("rateLimits" in response) is shown


# --- sessions -----------------------------------------------------------------------------------------------------


async def test_who_has_logged_on_leaves_out_key_and_signature() -> None:
    async with open_api("?returnRateLimits=false", accounts=[ED25519_ACCOUNT]) as (simulator, api):
        before = await api.send("session.status", 1)
        logon = await api.log_on()
        order = await api.send("order.place", 2, LIMIT_ORDER | {"timestamp": simulator.time_ms})
        key = await api.send("userDataStream.start", 3)
        untimed = await api.send("order.place", 4, LIMIT_ORDER)
        status = await api.send("session.status", 5)
        logout = await api.send("session.logout", 6)
        after = await api.send("order.place", 7, LIMIT_ORDER | {"timestamp": simulator.time_ms})

        assert logon["result"]["apiKey"] == status["result"]["apiKey"] == simulator.account.api_key
        assert before["result"]["apiKey"] is logout["result"]["apiKey"] is logout["result"]["authorizedSince"] is None
        assert (order["status"], key["status"]) == (200, 200)
        assert "'timestamp'" in untimed["error"]["msg"]
        assert "'apiKey'" in after["error"]["msg"]
        assert all(simulator.account.api_key not in str(entry) + str(entry.body) for entry in simulator.journal)


async def test_a_session_weighs_two_each_time() -> None:
    async with open_api() as (_, api):
        first = await api.send("session.status", 1)
        second = await api.send("session.logout", 2)

    assert (weight_of(first), weight_of(second)) == (7, 9)


async def test_an_account_with_a_secret_cannot_log_on() -> None:
    async with open_api() as (_, api):
        response = await api.log_on()

    assert (response["status"], response["error"]["code"]) == (400, -4056)


async def test_a_session_whose_key_is_revoked_is_told_so_after_its_next_request() -> None:
    async with open_api("?returnRateLimits=false", accounts=[ED25519_ACCOUNT]) as (simulator, api):
        await api.log_on()
        simulator.revoke_api_key()
        is_silent = await api.is_silent(1.0)
        answer = await api.send("order.place", 2, LIMIT_ORDER | {"timestamp": simulator.time_ms})
        push = await api.read()
        status = await api.send("session.status", 3)
        simulator.restore_api_key()
        logon = await api.log_on()

    assert is_silent
    assert (answer["id"], answer["status"], answer["error"]["code"]) == (2, 401, -2015)
    assert push == {
        "id": None,
        "status": 401,
        "error": {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."},
    }
    assert status["result"]["apiKey"] is None
    assert logon["status"] == 200


async def test_a_revoked_key_is_unknown_to_rest_as_well() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.revoke_api_key()
        refused = await wire.ask("GET", "/fapi/v1/openOrders")
        simulator.reset()
        accepted = await wire.ask("GET", "/fapi/v1/openOrders")

    assert (refused.status, refused.body["code"]) == (401, -2015)
    assert accepted.status == 200


async def test_connections_to_both_interfaces_have_numbers_of_their_own() -> None:
    async with open_api() as (simulator, _), Wire(simulator) as wire:
        await wire.stream()

        assert [found.number for found in simulator.api_connections] == [1]
        assert [found.number for found in simulator.connections] == [2]


async def test_only_this_path_is_the_websocket_api() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        assert await wire.refusal("/ws-fapi/v2") == 404
        assert (await wire.send("GET", "/ws-fapi/v1")).status == 404
