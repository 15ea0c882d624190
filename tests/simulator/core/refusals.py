"""One way to be refused with each code that the simulator raises by itself, by code."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from simulator import AccountSpec, Profile
from simulator.core.domain import DEFAULT_API_KEY
from simulator.core.security import security
from simulator.core.security.api_keys import ApiKeys
from simulator.core.security.rate_limits import Limits, RateCounters
from simulator.core.trading.depth import Level
from simulator.core.ws_api.ws_api import read_request
from simulator.core.ws_api.ws_api_session import Session
from tests.simulator.core.conditional_orders import Bench
from tests.simulator.core.small_markets import NOW

ORDER: Final = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.010",
    "price": "60000",
}
AMENDMENT: Final = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "origClientOrderId": "a",
    "quantity": "0.020",
    "price": "60000",
}
TAKE: Final = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}
REDUCTION: Final = ORDER | {"side": "SELL", "quantity": "0.010", "price": "66000", "reduceOnly": "true"}
STOP: Final = {"triggerPrice": "66000"}
LIMITED: Final = STOP | {"price": "66000"}
CLOSE: Final = {"triggerPrice": "64000", "closePosition": "true"}
ISOLATED: Final = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
SIGNED: Final = {"timestamp": str(NOW), "signature": "0"}


def order(**change: object) -> Callable[[], object]:
    return lambda: Bench().ask("POST order", **(ORDER | change))


def market(**change: object) -> Callable[[], object]:
    return lambda: Bench().ask("POST order", **(TAKE | change))


def algo(kind: str = "STOP_MARKET", side: str = "BUY", **terms: str) -> Callable[[], object]:
    return lambda: Bench().place(kind, side, **terms)


def asks(request: str, **params: object) -> Callable[[], object]:
    return lambda: Bench().ask(request, **params)


def after(*first: tuple[str, Mapping[str, object]], bench: Callable[[], Bench] = Bench) -> Callable[[], object]:
    """Send some requests on one bench; the last is what is refused."""

    def refuse() -> object:
        used = bench()
        return [used.ask(request, **params) for request, params in first][-1]

    return refuse


def amends(**change: object) -> Callable[[], object]:
    return after(("POST order", ORDER | {"newClientOrderId": "a"}), ("PUT order", AMENDMENT | change))


def with_spec(request: str, params: Mapping[str, object], **changes: object) -> Callable[[], object]:
    """Send an order on a symbol whose contract was changed."""

    def refuse() -> object:
        bench = Bench()
        bench.ask("POST order", **ORDER, newClientOrderId="a")
        symbols = bench.venue.exchange.symbols
        symbols["BTCUSDT"] = replace(symbols["BTCUSDT"], **changes)
        return bench.ask(request, **params)

    return refuse


def hedged() -> Bench:
    return Bench(AccountSpec(dual_side_position=True))


def weigh_too_much() -> object:
    return RateCounters(Limits(weight=1)).admit_weight("1.2.3.4", 2, NOW)


def order_too_often() -> None:
    RateCounters(Limits(orders_10s=1)).admit_orders("default", (2, 1), NOW)


def amend_too_often() -> object:
    bench = Bench()
    bench.ask("POST order", **ORDER, newClientOrderId="a")
    account = bench.venue.exchange.accounts["default"]
    (resting,) = account.orders.values()
    account.keep(replace(resting, amendments=10_000))
    return bench.ask("PUT order", **AMENDMENT)


def accept_a_quote_when_the_money_is_bound() -> object:
    bench = Bench(AccountSpec(leverage=1))
    quote = bench.ask("POST convert/getQuote", fromAsset="USDT", toAsset="BTC", fromAmount="9900")
    bench.ask("POST order", **ORDER)
    return bench.ask("POST convert/acceptQuote", quoteId=quote["quoteId"])


def order_unsigned() -> object:
    bench = Bench(tradfi_agreement="needed")
    symbols = bench.venue.exchange.symbols
    symbols["BTCUSDT"] = replace(symbols["BTCUSDT"], contract_type="TRADIFI_PERPETUAL")
    return bench.ask("POST order", **ORDER)


def wait_too_many() -> object:
    bench = Bench()
    return [bench.place("STOP_MARKET", "BUY", f"n{number}", **STOP) for number in range(201)]


def rest_too_many() -> object:
    bench = Bench(AccountSpec(balance="10000000"))
    return [bench.ask("POST order", **ORDER) for _ in range(201)]


def cancel_while_it_triggers() -> object:
    bench = Bench()
    bench.place("STOP_MARKET", "BUY", "a", **STOP)
    bench.move("66000")
    return bench.ask("DELETE algoOrder", clientAlgoId="a")


def close_twice() -> object:
    bench = Bench()
    return [bench.place("STOP_MARKET", "SELL", name, **CLOSE) for name in ("a", "b")]


def find_the_market_far_from_the_mark() -> object:
    bench = Bench()
    bench.venue.exchange.set_mark("BTCUSDT", Decimal(50000), Decimal(50000), bench.now_ms)
    return bench.ask("POST order", **TAKE)


def isolated_position(*, leverage: int = 20) -> Bench:
    bench = Bench(AccountSpec(leverage=leverage))
    bench.ask("POST marginType", **ISOLATED)
    bench.ask("POST order", **TAKE)
    return bench


def leverage(value: int) -> tuple[str, dict[str, object]]:
    return "POST leverage", {"symbol": "BTCUSDT", "leverage": value}


def margin(amount: str, kind: int = 1) -> tuple[str, dict[str, object]]:
    return "POST positionMargin", {"symbol": "BTCUSDT", "amount": amount, "type": kind}


def pooled(wanted: str) -> tuple[str, dict[str, object]]:
    return "POST multiAssetsMargin", {"multiAssetsMargin": wanted}


def in_debt() -> Bench:
    """Return a bench whose account has a position, and next to nothing to carry it."""
    bench = Bench()
    bench.ask("POST order", **TAKE)
    bench.venue.exchange.accounts["default"].credit("USDT", Decimal(-9990), NOW)
    return bench


def in_debt_and_pooled() -> Bench:
    """Return a bench whose account has its margin in an asset that alone would not carry its position."""
    bench = Bench(AccountSpec(balances={"BTC": "1"}))
    request, params = pooled("true")
    bench.ask(request, **params)
    bench.ask("POST order", **TAKE)
    bench.venue.exchange.accounts["default"].credit("USDT", Decimal(-9999), NOW)
    return bench


def match_nothing() -> object:
    bench = Bench()
    bench.venue.exchange.depth.set("BTCUSDT", [Level(Decimal(1), Decimal(65000))])
    return bench.ask("POST order", **(ORDER | {"price": "", "priceMatch": "OPPONENT_5"}))


CASES: Final[Mapping[int, Callable[[], object]]] = {
    -1003: weigh_too_much,
    -1015: order_too_often,
    -1020: lambda: read_request('{"id":1,"method":"order.imagine"}'),
    -1021: lambda: security.check_timestamp(SIGNED, NOW + 5001),
    -1022: lambda: security.check_signature("symbol=BTCUSDT&signature=0", "", "secret"),
    -1023: asks("GET allOrders", startTime=2, endTime=1),
    -1100: order(quantity="ten"),
    -1101: lambda: security.check_repeats("side=BUY&side=SELL", "", {"side": "BUY"}),
    -1102: order(quantity=""),
    -1105: order(positionSide=""),
    -1106: market(price="60000"),
    -1111: order(price="60000.123"),
    -1115: order(timeInForce="DAY"),
    -1116: order(type="ICEBERG"),
    -1117: order(side="HOLD"),
    -1120: asks("GET klines", symbol="BTCUSDT", interval="1s"),
    -1121: order(symbol="NOPEUSDT"),
    -1125: asks("PUT listenKey"),
    -1126: asks("POST convert/getQuote", fromAsset="NONE", toAsset="USDT", fromAmount="1"),
    -1127: asks("GET allOrders", startTime=1, endTime=NOW),
    -1128: asks("GET userTrades", symbol="BTCUSDT", fromId=1, startTime=1),
    -1130: asks("POST batchOrders", batchOrders="everything"),
    -1131: lambda: security.check_timestamp(SIGNED | {"recvWindow": "60001"}, NOW, Profile.strict()),
    -1135: lambda: read_request("[]"),
    -1136: order(newOrderRespType="FULL"),
    -2011: asks("DELETE order", symbol="BTCUSDT", orderId=1),
    -2013: asks("GET order", symbol="BTCUSDT", orderId=1),
    -2014: lambda: security.known_key("short", {}, ""),
    -2015: lambda: security.known_key("k" * 64, {}, ""),
    -2018: accept_a_quote_when_the_money_is_bound,
    -2019: order(quantity="10"),
    -2021: algo(triggerPrice="65000"),
    -2022: order(reduceOnly="true"),
    -2025: rest_too_many,
    -2027: lambda: Bench(AccountSpec(balance="100000000", leverage=125)).ask(
        "POST order", **(TAKE | {"quantity": "100"})
    ),
    -2028: after(("POST order", TAKE | {"quantity": "2"}), leverage(1)),
    -4001: order(price="0"),
    -4002: order(price="99999999"),
    -4003: order(quantity="0"),
    -4004: with_spec("POST order", ORDER | {"quantity": "0.001"}, min_quantity=Decimal("0.002")),
    -4005: order(quantity="1001"),
    -4006: algo(triggerPrice="0"),
    -4007: algo(triggerPrice="999999999"),
    -4013: with_spec("POST order", ORDER, min_price=Decimal(60001)),
    -4014: order(price="60000.15"),
    -4015: order(newClientOrderId="x" * 40),
    -4016: order(price="69000"),
    -4021: asks("GET depth", symbol="BTCUSDT", limit=7),
    -4023: with_spec("POST order", ORDER | {"quantity": "0.011"}, step_size=Decimal("0.002")),
    -4024: order(side="SELL", price="60000"),
    -4028: asks("POST leverage", symbol="BTCUSDT", leverage=126),
    -4031: algo(**STOP, workingType="LAST"),
    -4032: asks("DELETE batchOrders", symbol="BTCUSDT", orderIdList=json.dumps(list(range(1, 12)))),
    -4045: wait_too_many,
    -4046: asks("POST marginType", symbol="BTCUSDT", marginType="CROSSED"),
    -4047: after(("POST order", ORDER), ("POST marginType", ISOLATED)),
    -4048: after(("POST order", TAKE), ("POST marginType", ISOLATED)),
    -4049: after(("POST order", TAKE), margin("1")),
    -4050: after(margin("100000"), bench=isolated_position),
    -4051: after(margin("1000", 2), bench=isolated_position),
    -4054: after(("POST marginType", ISOLATED), margin("1")),
    -4055: after(margin("0")),
    -4056: lambda: Session(connected_ms=NOW).log_on(
        SIGNED | {"apiKey": DEFAULT_API_KEY}, ApiKeys([AccountSpec()]), Profile(), NOW
    ),
    -4059: asks("POST positionSide/dual", dualSidePosition="false"),
    -4060: order(positionSide="UP"),
    -4061: order(positionSide="LONG"),
    -4067: after(("POST order", ORDER), ("POST positionSide/dual", {"dualSidePosition": "true"})),
    -4068: after(("POST order", TAKE), ("POST positionSide/dual", {"dualSidePosition": "true"})),
    -4082: asks("POST batchOrders", batchOrders="[]"),
    -4144: asks("GET indexPriceKlines", pair="NONE", interval="1m"),
    -4104: asks("GET continuousKlines", pair="BTCUSDT", contractType="WEEKLY", interval="1m"),
    -4116: after(("POST order", ORDER | {"newClientOrderId": "a"}), ("POST order", ORDER | {"newClientOrderId": "a"})),
    -4117: cancel_while_it_triggers,
    -4118: after(("POST order", TAKE), ("POST order", REDUCTION), ("POST order", REDUCTION | {"price": "66001"})),
    -4120: order(type="STOP_MARKET"),
    -4130: close_twice,
    -4131: find_the_market_far_from_the_mark,
    -4135: algo("TRAILING_STOP_MARKET", callbackRate="1", activatePrice="0"),
    -4136: algo("STOP", "SELL", **CLOSE, price="64000"),
    -4137: algo("STOP_MARKET", "SELL", **CLOSE, quantity="0.010"),
    -4138: algo("STOP_MARKET", "SELL", **CLOSE, reduceOnly="false"),
    -4140: with_spec("POST order", ORDER, status="PENDING_TRADING"),
    -4141: with_spec("POST order", ORDER, status="CLOSE"),
    -4142: lambda: Bench(algo_immediate_trigger=-4142).place("STOP_MARKET", "BUY", triggerPrice="65000"),
    -4161: after(leverage(10), bench=isolated_position),
    -4164: order(quantity="0.001", price="49000"),
    -4167: after(("POST marginType", ISOLATED), pooled("true")),
    -4168: after(pooled("true"), ("POST marginType", ISOLATED)),
    -4169: after(pooled("true"), bench=in_debt),
    -4170: after(("POST order", ORDER), pooled("true")),
    -4171: after(pooled("false")),
    -4172: after(pooled("false"), bench=in_debt_and_pooled),
    -4183: algo("STOP", **(LIMITED | {"price": "90000"})),
    -4184: algo("STOP", "SELL", triggerPrice="64000", price="30000"),
    -4411: order_unsigned,
    -5021: order(timeInForce="FOK"),
    -5022: order(timeInForce="GTX", price="65000"),
    -5024: with_spec("PUT order", AMENDMENT, status="SETTLING"),
    -5026: amend_too_often,
    -5027: amends(quantity="0.010"),
    -5028: lambda: security.check_engine_window(SIGNED, NOW + 5001),
    -5029: amends(quantity="0.001", price="49000"),
    -5037: order(priceMatch="OPPONENT_20"),
    -5038: market(priceMatch="QUEUE"),
    -5039: order(selfTradePreventionMode="ALWAYS"),
    -5040: order(timeInForce="GTD", goodTillDate=NOW),
    -5041: match_nothing,
    -5047: amends(reduceOnly="true"),
}
"""A function per code that raises it."""
