"""The named faults of REST: answers that do not come, lie or are late, refusals, and databases and clocks that are off.

They hold for the twins of these requests on the WebSocket API, too.
"""

from __future__ import annotations

from typing import Final

from simulator.core.faults.named_fault import NamedFault
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import (
    Corrupt,
    Delay,
    Drop,
    ExecuteThen,
    ExecuteThenReset,
    Lag,
    Reset,
    Respond,
    Skew,
    Verdict,
)
from simulator.core.scenario.answer import text_of

__all__ = ["ON_REQUESTS"]

ORDER: Final = "/fapi/v1/order"
LISTEN_KEY: Final = "/fapi/v1/listenKey"
_UNKNOWN: Final = "Unknown error, please check your request or try again later."
_BAD_GATEWAY: Final = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def _refused(status: int, code: int) -> Respond:
    return Respond(status, code, text_of(code))


def _keepalive(verdict: Verdict) -> tuple[Rule, ...]:
    return (Rule(on="request", method="PUT", path=LISTEN_KEY, verdict=verdict),)


def _placing(verdict: Verdict, times: int | None = 1) -> tuple[Rule, ...]:
    return (Rule(on="request", method="POST", path=ORDER, verdict=verdict, times=times),)


def _asking(path: str, verdict: Verdict, method: str = "GET", times: int | None = None) -> Rule:
    return Rule(on="request", method=method, path=path, verdict=verdict, times=times)


def _answered(path: str, verdict: Verdict, method: str = "GET", times: int | None = None) -> Rule:
    return Rule(on="response", method=method, path=path, verdict=verdict, times=times)


_LISTEN_KEYS: Final = (
    NamedFault(
        name="keepalive-times-out",
        rows=(1,),
        does="no keepalive of a listen key is ever answered, nor executed",
        rules=_keepalive(Drop()),
    ),
    NamedFault(
        name="keepalive-unknown-key-1125",
        rows=(1,),
        does="every keepalive of a listen key is refused with -1125, as if the key did not exist",
        rules=_keepalive(_refused(400, -1125)),
    ),
    NamedFault(
        name="keepalive-503",
        rows=(1,),
        does="every keepalive of a listen key is answered with HTTP 503",
        rules=_keepalive(Respond(503, body="Service Unavailable.")),
    ),
    NamedFault(
        name="keepalive-reset",
        rows=(1,),
        does="every keepalive of a listen key ends in a connection reset",
        rules=_keepalive(Reset()),
    ),
    NamedFault(
        name="listen-key-endpoint-gone-410",
        rows=(5,),
        does="no listen key can be created: HTTP 410, as where the endpoint was removed",
        rules=(_asking(LISTEN_KEY, Respond(410, body="Gone"), "POST"),),
    ),
    NamedFault(
        name="api-key-refused-2015",
        rows=(23,),
        does="no listen key can be created: -2015, as from an address that is not on the list",
        rules=(_asking(LISTEN_KEY, _refused(401, -2015), "POST"),),
    ),
)

_UNKNOWN_OUTCOMES: Final = (
    NamedFault(
        name="execute-then-lose-the-answer",
        rows=(3, 19),
        does="the next order is executed, and never answered",
        rules=_placing(ExecuteThen(Drop())),
    ),
    NamedFault(
        name="execute-then-reset",
        rows=(3,),
        does="the next order is executed; instead of an answer the connection is reset",
        rules=_placing(ExecuteThenReset()),
    ),
    NamedFault(
        name="answer-cut-in-half",
        rows=(3,),
        does="the next order is executed; the connection is reset in the middle of its answer",
        rules=(_answered(ORDER, Reset(sent="half"), "POST", 1),),
    ),
    NamedFault(
        name="unknown-503",
        rows=(3,),
        does="the next order is executed, and answered with HTTP 503 Unknown error",
        rules=_placing(ExecuteThen(Respond(503, -1000, _UNKNOWN))),
    ),
    NamedFault(
        name="unknown-503-not-executed",
        rows=(3,),
        does="the next order is not executed, and answered with the same HTTP 503 Unknown error",
        rules=_placing(Respond(503, -1000, _UNKNOWN)),
    ),
    NamedFault(
        name="unknown-1007",
        rows=(3,),
        does="the next order is executed, and answered with -1007: execution status unknown",
        rules=_placing(ExecuteThen(_refused(408, -1007))),
    ),
    NamedFault(
        name="bad-gateway-502",
        rows=(3,),
        does="the next order is executed, and answered with a page of a proxy, HTTP 502",
        rules=_placing(ExecuteThen(Respond(502, body=_BAD_GATEWAY))),
    ),
    NamedFault(
        name="order-never-arrives",
        rows=(3,),
        does="the next order is neither executed nor answered",
        rules=_placing(Drop()),
    ),
    NamedFault(
        name="overloaded-1008",
        rows=(3, 17),
        does="for 5 s, orders are refused with -1008: throttled by system-level protection",
        rules=(Rule(on="request", method="POST", path=ORDER, verdict=_refused(503, -1008), for_s=5.0),),
    ),
    NamedFault(
        name="late-answer",
        rows=(3, 13, 14),
        does="the next order is executed with its events, and answered 5 s later",
        rules=_placing(ExecuteThen(Delay(5.0))),
    ),
    NamedFault(
        name="lost-cancel-answer",
        rows=(15,),
        does="the next cancel is executed, and never answered",
        rules=(_asking(ORDER, ExecuteThen(Drop()), "DELETE", 1),),
    ),
    NamedFault(
        name="cancel-refused-2011",
        rows=(6, 15),
        does="the next cancel is refused with -2011 Unknown order sent, though the order is open",
        rules=(_asking(ORDER, _refused(400, -2011), "DELETE", 1),),
    ),
    NamedFault(
        name="lost-amend-answer",
        rows=(15,),
        does="the next amendment is executed, and never answered",
        rules=(_asking(ORDER, ExecuteThen(Drop()), "PUT", 1),),
    ),
    NamedFault(
        name="stop-orders-moved-4120",
        rows=(2,),
        does="POST /fapi/v1/order refuses stops with -4120: use the algo endpoints",
        rules=(Rule(on="request", method="POST", path=ORDER, where={"type": "*STOP*"}, verdict=_refused(400, -4120)),),
    ),
    NamedFault(
        name="algo-order-unknown-2013",
        rows=(2, 6),
        does="for 5 s, a query of a conditional order says -2013: it does not exist",
        rules=(Rule(on="request", method="GET", path="/fapi/v1/algoOrder", verdict=_refused(400, -2013), for_s=5.0),),
    ),
)

_READING: Final = (
    NamedFault(
        name="rest-lag-40s",
        rows=(6,),
        does="queries see orders, trades, positions and balances as they were 40 s ago",
        rules=(Rule(on="request", verdict=Lag(orders_s=40.0, account_s=40.0)),),
    ),
    NamedFault(
        name="alternating-replicas",
        rows=(6,),
        does="every other query of a path sees everything as it was 10 s ago",
        rules=(Rule(on="request", verdict=Lag(orders_s=10.0, account_s=10.0, replicas="alternating")),),
    ),
    NamedFault(
        name="stale-positions",
        rows=(6,),
        does="positions and balances are 5 s behind the fills",
        rules=(Rule(on="request", verdict=Lag(account_s=5.0)),),
    ),
    NamedFault(
        name="no-such-order-2013",
        rows=(6, 15),
        does="for 5 s, a query of an order says -2013: it does not exist",
        rules=(Rule(on="request", method="GET", path=ORDER, verdict=_refused(400, -2013), for_s=5.0),),
    ),
    NamedFault(
        name="open-orders-empty",
        rows=(6, 8),
        does="the next list of open orders is empty",
        rules=(_asking("/fapi/v1/openOrders", Respond(200, body=[]), times=1),),
    ),
    NamedFault(
        name="late-snapshot",
        rows=(8,),
        does="open orders, positions and balances are read at once, and answered 3 s later",
        rules=(
            _answered("/fapi/v1/openOrders", Delay(3.0)),
            _answered("/fapi/v*/positionRisk", Delay(3.0)),
            _answered("/fapi/v*/account", Delay(3.0)),
        ),
    ),
    NamedFault(
        name="trades-forgotten",
        rows=(4, 12, 19),
        does="the list of the account's trades is empty, as beyond its look-back",
        rules=(_asking("/fapi/v1/userTrades", Respond(200, body=[])),),
    ),
    NamedFault(
        name="bad-json",
        rows=(9, 10),
        does="the next answer is no JSON",
        rules=(_answered("", Corrupt("bad_json"), "", 1),),
    ),
    NamedFault(
        name="truncated-answer",
        rows=(10,),
        does="the next answer breaks off in the middle, and says that it is whole",
        rules=(_answered("", Corrupt("truncated"), "", 1),),
    ),
    NamedFault(
        name="wrong-types-answer",
        rows=(10,),
        does="the next answer has objects for its values",
        rules=(_answered("", Corrupt("wrong_types"), "", 1),),
    ),
    NamedFault(
        name="unknown-fields-answer",
        rows=(10,),
        does="every answer has fields that nobody knows, at every level",
        rules=(_answered("", Corrupt("unknown_fields"), ""),),
    ),
)

_LIMITS_AND_CLOCKS: Final = (
    NamedFault(
        name="rate-limited-429",
        rows=(17,),
        does="for 10 s, everything is refused with HTTP 429, -1003",
        rules=(
            Rule(
                on="request",
                verdict=Respond(429, -1003, "Too many requests.", headers={"Retry-After": "10"}),
                for_s=10.0,
            ),
        ),
    ),
    NamedFault(
        name="banned-418",
        rows=(17,),
        does="for 120 s, everything is refused with HTTP 418; nothing says until when",
        rules=(Rule(on="request", verdict=Respond(418, -1003, "Way too many requests; IP banned."), for_s=120.0),),
    ),
    NamedFault(
        name="firewall-403",
        rows=(17,),
        does="for 30 s, everything is answered with the firewall's page, HTTP 403",
        rules=(Rule(on="request", verdict=Respond(403), for_s=30.0),),
    ),
    NamedFault(
        name="clock-skew",
        rows=(22,),
        does="the server's clock is 3 s behind, where it is told and where timestamps are judged",
        rules=(Rule(on="request", verdict=Skew(-3.0)),),
    ),
    NamedFault(
        name="clock-ahead",
        rows=(22,),
        does="the server's clock is 8 s ahead, where it is told and where timestamps are judged",
        rules=(Rule(on="request", verdict=Skew(8.0)),),
    ),
    NamedFault(
        name="timestamps-1021",
        rows=(22,),
        does="the next 3 requests of orders, keys or accounts are refused with -1021",
        rules=(Rule(on="request", path="/fapi/v*", where={"timestamp": "*"}, verdict=_refused(400, -1021), times=3),),
    ),
)

ON_REQUESTS: Final[tuple[NamedFault, ...]] = (*_LISTEN_KEYS, *_UNKNOWN_OUTCOMES, *_READING, *_LIMITS_AND_CLOCKS)
"""Every named fault of requests and their answers."""
