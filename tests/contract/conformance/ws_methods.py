"""How each sample of a method of the WebSocket API is produced."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator import AccountSpec
from tests.contract.conformance.bench import Bench
from tests.contract.conformance.case import Case

__all__ = ["CASES"]

KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY: Final = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
TRAILING: Final = ("activatePrice", "priceRate")
NAMED: Final = {"symbol": "BTCUSDT", "origClientOrderId": "mine"}
LIMIT: Final = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.010",
    "price": "64000.00",
}
TAKE_PROFIT: Final = {
    "algoType": "CONDITIONAL",
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "TAKE_PROFIT",
    "quantity": "0.010",
    "triggerPrice": "67000.00",
    "price": "67000.00",
    "clientAlgoId": "mine",
}


def asks(method: str, **params: object) -> Case:
    """Return the case of a method, asked by an account with positions, orders of both kinds and a listen key."""

    async def produce(bench: Bench) -> Any:
        await bench.ask("POST marginType", symbol="ETHUSDT", marginType="ISOLATED")
        await bench.order()
        await bench.order(symbol="ETHUSDT", quantity="1")
        await bench.order(price="64000", newClientOrderId="mine")
        await bench.ask("POST algoOrder", **TAKE_PROFIT)
        await bench.wire.listen_key()
        return await bench.method(method, **params)

    return Case(produce=produce, leaving_out=TRAILING)


def unlike_spot(method: str, **params: object) -> Case:
    """Return the same where the sample's numbers are Spot's, with 8 decimals."""
    return Case(produce=asks(method, **params).produce, trust="composed")


async def logged_on(bench: Bench) -> Any:
    socket = await bench.wire.connect("/ws-fapi/v1?returnRateLimits=false")
    params: dict[str, Any] = {"apiKey": bench.simulator.account.api_key, "timestamp": bench.simulator.time_ms}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    params["signature"] = base64.b64encode(KEY.sign(payload.encode())).decode()
    request = {"id": "a-request", "method": "session.logon", "params": params}
    return {"request": request, "response": await socket.ask(**request)}


async def refused(bench: Bench) -> Any:
    return await bench.method("order.place", symbol="BTCUSDT", side="BUY", type="MARKET")


CASES: Final[Mapping[str, Case]] = {
    "ws_api/new_order": asks("order.place", **LIMIT),
    "ws_api/modify_order": asks("order.modify", **NAMED, side="BUY", quantity="0.020", price="64000.00", modifyId=1),
    "ws_api/cancel_order": asks("order.cancel", **NAMED),
    "ws_api/query_order": Case(
        produce=asks("order.status", **NAMED).produce,
        leaving_out=TRAILING,
        but={"rateLimits": "every other sample has it: it was left out here"},
    ),
    "ws_api/session_logon": Case(produce=logged_on, terms={"accounts": (AccountSpec(public_key=PUBLIC_KEY),)}),
    "ws_api/new_algo_order": asks("algoOrder.place", **TAKE_PROFIT | {"clientAlgoId": "next"}),
    "ws_api/cancel_algo_order": asks("algoOrder.cancel", clientAlgoId="mine"),
    "ws_api/position_information": asks("account.position"),
    "ws_api/position_information_v2": asks("v2/account.position"),
    "ws_api/futures_account_balance": asks("account.balance"),
    "ws_api/futures_account_balance_v2": asks("v2/account.balance"),
    "ws_api/account_information": asks("account.status"),
    "ws_api/account_information_v2": asks("v2/account.status"),
    "ws_api/start_user_data_stream": asks("userDataStream.start"),
    "ws_api/keepalive_user_data_stream": asks("userDataStream.ping"),
    "ws_api/close_user_data_stream": asks("userDataStream.stop"),
    "ws_api/symbol_price_ticker": asks("ticker.price", symbol="BTCUSDT"),
    "ws_api/symbol_order_book_ticker": unlike_spot("ticker.book", symbol="BTCUSDT"),
    "ws_api/order_book": unlike_spot("depth", symbol="BTCUSDT"),
    "ws_api/error": Case(produce=refused),
}
