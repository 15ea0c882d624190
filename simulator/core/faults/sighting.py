"""The one thing that a fault rule sees, and whether the rule's filters fit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from simulator.core.faults.verdict import What
from simulator.core.scenario.notation import matches
from simulator.core.scenario.observation import symbols_of

if TYPE_CHECKING:
    from simulator.core.faults.rule import Rule

__all__ = ["Sight", "fits"]

_ORDER_PARAMS: Final = ("orderId", "newClientOrderId", "origClientOrderId", "clientOrderId", "clientAlgoId", "algoId")
_ORDER_FIELDS: Final = ("c", "i", "caid", "aid")


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """A request, a response, a frame, a handshake, a ping or a connection, as far as a rule may ask about it.

    `connection` is the number of the WebSocket, 0 of plain REST. `params` are those of the request; of a handshake and
    a connection, those of its query. `status` is the HTTP status of a response. `event` is the name of a frame's event,
    of the control message that a reply (`is_reply`) answers, of a request to the WebSocket API; of a ping it is
    "sent" or "received"; of a handshake and a connection "user_stream", "market_stream" or "ws_api", of a connection
    whose first request is no handshake "rest". `body` is a frame's event, or a response's content if that is an object.
    """

    what: What
    account: str = ""
    connection: int = 0
    method: str = ""
    path: str = ""
    params: Mapping[str, str] = {}
    status: int = 0
    event: str = ""
    body: Mapping[str, Any] = {}
    is_reply: bool = False


def fits(rule: Rule, sight: Sight) -> bool:
    """Say whether a rule is for this: the same kind of thing, and every filter fits."""
    if rule.on != sight.what or rule.connection not in {0, sight.connection}:
        return False
    if sight.is_reply:
        return rule.event == sight.event
    plain = (
        (rule.event, sight.event),
        (rule.path, sight.path),
        (rule.method.upper(), sight.method),
        (rule.account, sight.account),
    )
    if any(wanted and not matches(wanted, actual) for wanted, actual in plain):
        return False
    return _content_fits(rule, sight)


def _content_fits(rule: Rule, sight: Sight) -> bool:
    if sight.what == "frame":
        return _event_fits(rule, sight.body)
    if rule.status and not matches(rule.status, str(sight.status)):
        return False
    if not all(_fits(wanted, sight.params.get(name)) for name, wanted in rule.where.items()):
        return False
    if rule.symbol and not _any_fits(rule.symbol, _values(sight, ("symbol",))):
        return False
    return not rule.order or _any_fits(rule.order, _values(sight, _ORDER_PARAMS))


def _event_fits(rule: Rule, body: Mapping[str, Any]) -> bool:
    order = _mapping(body.get("o")) or body
    told = (
        (rule.status, order.get("X")),
        (rule.execution_type, order.get("x")),
        (rule.reason, _mapping(body.get("a")).get("m")),
    )
    if any(wanted and not _fits(wanted, actual) for wanted, actual in told):
        return False
    if rule.symbol and not _any_fits(rule.symbol, symbols_of(body)):
        return False
    if rule.order and not _any_fits(rule.order, (str(order[name]) for name in _ORDER_FIELDS if name in order)):
        return False
    return all(_fits(wanted, _at(body, path)) for path, wanted in rule.where.items())


def _values(sight: Sight, names: tuple[str, ...]) -> Iterator[str]:
    """Yield what a request, its answer, or an order of its batch says under these names."""
    for held in (sight.params, sight.body, *_batch(sight.params)):
        yield from (str(held[name]) for name in names if name in held)


def _batch(params: Mapping[str, str]) -> list[Mapping[str, Any]]:
    try:
        orders = msgspec.json.decode(params.get("batchOrders", "[]"))
    except msgspec.DecodeError:
        return []
    return [order for order in orders if isinstance(order, Mapping)] if isinstance(orders, list) else []


def _at(body: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(body, list) and name.isdigit() and int(name) < len(body):
            body = body[int(name)]
        else:
            body = _mapping(body).get(name)
    return body


def _any_fits(wanted: str, texts: Iterator[str]) -> bool:
    return any(matches(wanted, text) for text in texts)


def _fits(wanted: str, actual: object) -> bool:
    return actual is not None and matches(wanted, str(actual))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
