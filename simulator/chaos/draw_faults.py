"""What befalls requests and their answers in a drawn run, as fault rules with a window of their own.

No fault lasts: the longest is over in a few minutes, and bans end when they said. None says what is not so: a request
that was executed is never answered as if it were known that it was not.
"""

from __future__ import annotations

from typing import Final

import msgspec

from simulator.chaos.drawing import Day
from simulator.chaos.opening import start_ms
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import (
    Corrupt,
    Delay,
    Drop,
    Duplicate,
    ExecuteThen,
    ExecuteThenReset,
    RefuseThenAccept,
    Reset,
    Respond,
    Skew,
    Verdict,
)
from simulator.core.scenario.action import RestLag
from simulator.core.scenario.fault_action import fault_of

__all__ = [
    "banned", "clock_is_wrong", "installed", "key_requests_fail", "order_verdict", "orders_fail", "read_verdict",
    "reads_fail", "reads_lag",
]  # fmt: skip

_UNKNOWN: Final = Respond(503, -1000, "Unknown error, please check your request or try again later.")
_TIMEOUT: Final = Respond(
    408, -1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
)
_GATEWAY: Final = Respond(502, body="<html><body><h1>502 Bad Gateway</h1></body></html>")
_PATIENCE: Final = Respond(504, body="<html><body><h1>504 Gateway Time-out</h1></body></html>")
_OVERLOADED: Final = Respond(503, -1008, "Server is currently overloaded with other requests.")
_UNAVAILABLE: Final = Respond(503, -1001, "Internal error; unable to process your request. Please try again.")
_TOO_MANY: Final = Respond(429, -1003, "Too many requests.", headers={"Retry-After": "3"})
_TOO_MANY_BARE: Final = Respond(429, -1003, "Too many requests; current limit is 2400 requests per minute.")

_OF_ORDERS: Final[tuple[Verdict, ...]] = (
    _UNKNOWN, ExecuteThen(_UNKNOWN), _TIMEOUT, ExecuteThen(_TIMEOUT), ExecuteThen(_GATEWAY), ExecuteThen(_PATIENCE),
    _GATEWAY, _OVERLOADED, _UNAVAILABLE, Reset(), ExecuteThenReset(), ExecuteThenReset(), Delay(0.4), Delay(3),
    Delay(14), ExecuteThen(Delay(0.4)), ExecuteThen(Delay(3)), ExecuteThen(Delay(14)), Drop(), ExecuteThen(Drop()),
    Respond(400, -2019, "Margin is insufficient."), _TOO_MANY,
)  # fmt: skip
_OF_READS: Final[tuple[Verdict, ...]] = (
    Respond(500), _GATEWAY, _PATIENCE, _UNKNOWN, _TIMEOUT, Reset(), Delay(0.7), Delay(4), Delay(13), Drop(),
    _TOO_MANY, _TOO_MANY_BARE, Respond(400, -1021, "Timestamp for this request is outside of the recvWindow."),
)  # fmt: skip
_OF_ANSWERS: Final[tuple[Verdict, ...]] = (
    Reset(sent="half"), Corrupt(how="truncated"), Corrupt(how="bad_json"), Corrupt(how="binary"),
    Corrupt(how="unknown_fields"), Delay(2),
)  # fmt: skip
_OF_KEYS: Final[tuple[Verdict, ...]] = (
    _UNKNOWN, _GATEWAY, _TIMEOUT, Reset(), Drop(), Delay(5), Delay(14), ExecuteThen(_UNKNOWN), ExecuteThenReset(),
    _TOO_MANY, Respond(400, -1125, "This listenKey does not exist."),
)  # fmt: skip
READS: Final = (
    "/fapi/v1/openOrders", "/fapi/v1/openAlgoOrders", "/fapi/v1/allOrders", "/fapi/v1/userTrades", "/fapi/v1/order",
    "/fapi/v3/balance", "/fapi/v3/positionRisk", "/fapi/*", "/fapi/*",
)  # fmt: skip
_ORDER_PATHS: Final = ("/fapi/v1/order", "/fapi/v1/order", "/fapi/v1/algoOrder")


def installed(day: Day, at_ms: float, rule: Rule) -> None:
    """Plan that a rule is installed, which has to end by itself."""
    day.add(at_ms, fault_of(rule if day.laboratory.faults == "any" else _in_order(rule)))


def _in_order(rule: Rule) -> Rule:
    """Let an account update that comes twice do so in its place: behind a later one it would be out of order.

    What tells of an order bears its cumulative quantity, so that it may come again at any time.
    """
    if isinstance(rule.verdict, Duplicate) and rule.event in {"", "*", "ACCOUNT_UPDATE"}:
        return msgspec.structs.replace(rule, verdict=Duplicate())
    return rule


def order_verdict(day: Day) -> Verdict:
    """Draw what becomes of a command."""
    return day.dice.choice(_OF_ORDERS)


def read_verdict(day: Day) -> Verdict:
    """Draw what becomes of a query."""
    return day.dice.choice(_OF_READS)


def orders_fail(day: Day, at_ms: float) -> None:
    """Some commands are refused, lost, late, or executed without an answer."""
    dice = day.dice
    rule = Rule(
        on="request",
        method=dice.choice(("POST", "POST", "DELETE", "PUT")),
        path=dice.choice(_ORDER_PATHS),
        verdict=order_verdict(day),
        times=dice.choice((1, 1, 2, 5)),
        for_s=dice.choice((60.0, 300.0, 900.0)),
    )
    installed(day, at_ms, rule)


def reads_fail(day: Day, at_ms: float) -> None:
    """Some queries fail, for a while or each with a probability; or their answers arrive spoilt."""
    dice = day.dice
    spoilt = dice.random() < 0.25
    rule = Rule(
        on="response" if spoilt else "request",
        method="GET",
        path=dice.choice(READS),
        verdict=dice.choice(_OF_ANSWERS) if spoilt else read_verdict(day),
        times=dice.choice((1, 2, 5, None)),
        probability=dice.choice((1.0, 1.0, 0.5)),
        for_s=dice.choice((5.0, 30.0, 90.0)),
    )
    installed(day, at_ms, rule)


def reads_lag(day: Day, at_ms: float) -> None:
    """Queries are answered from the past, within what is known of Binance's replicas; perhaps by two in turn."""
    dice = day.dice
    lag = RestLag(
        orders=f"{dice.choice((200, 2000, 10_000, 39_000))}ms",
        account=f"{dice.choice((0, 200, 2000, 4900))}ms",
        replicas=dice.choice(("one", "alternating")),
    )
    day.add(at_ms, lag)
    day.add(at_ms + dice.uniform(5000, 240_000), RestLag())


def key_requests_fail(day: Day, at_ms: float) -> None:
    """Listen keys are not made, or not kept alive, for a while that may be longer than the key lives."""
    dice = day.dice
    rule = Rule(
        on="request",
        method=dice.choice(("POST", "PUT", "PUT", "")),
        path="/fapi/v1/listenKey",
        verdict=dice.choice(_OF_KEYS),
        times=dice.choice((1, 2, 6, None)),
        for_s=dice.choice((60.0, 600.0, 1500.0)),
    )
    installed(day, at_ms, rule)


def banned(day: Day, at_ms: float) -> None:
    """The address is banned until a time that the answer names; or too many requests are said to have come."""
    dice = day.dice
    for_s = dice.choice((3.0, 10.0, 45.0))
    until_ms = start_ms(day.laboratory.seed) + round(at_ms + for_s * 1000)
    told = f"Way too many requests; IP banned until {until_ms}. Please use the websocket for live updates."
    headers = {"Retry-After": str(round(for_s))} if dice.random() < 0.5 else {}
    verdict: Verdict = Respond(418, -1003, told, headers=headers)
    if dice.random() < 0.4:
        verdict = RefuseThenAccept(429, dice.randint(1, 10), -1003, "Too many requests.")
    installed(day, at_ms, Rule(on="request", path="/fapi/*", verdict=verdict, for_s=for_s))


def clock_is_wrong(day: Day, at_ms: float) -> None:
    """The exchange's clock is behind or ahead for a while: signed requests are refused until the engine asks again."""
    dice = day.dice
    skew = dice.choice((-1, 1)) * dice.choice((0.5, 1.5, 3.0, 6.0, 30.0))
    installed(day, at_ms, Rule(on="request", path="/fapi/*", verdict=Skew(skew), for_s=dice.choice((20.0, 200.0))))
