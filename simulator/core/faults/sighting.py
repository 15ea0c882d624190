"""The one thing that a fault rule sees, and whether the rule's filters fit it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from simulator.core.faults.verdict import What
from simulator.core.scenario.notation import matches
from simulator.core.scenario.observation import symbols_of

if TYPE_CHECKING:
    from simulator.core.faults.rule import Rule

__all__ = ["Filter", "Sight", "filter_of"]

_ORDER_PARAMS: Final = ("orderId", "newClientOrderId", "origClientOrderId", "clientOrderId", "clientAlgoId", "algoId")
_ORDER_FIELDS: Final = ("c", "i", "caid", "aid")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


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


Filter: TypeAlias = Callable[[Sight], bool]
"""Says whether a rule is for a thing."""


def filter_of(rule: Rule) -> Filter:
    """Return what says whether a rule is for a thing: every filter fits. What it sees has to be of the rule's kind.

    A rule is asked about everything that happens, so its texts are made ready once.
    """
    checks = [*_plain_checks(rule), *(_frame_checks(rule) if rule.on == "frame" else _request_checks(rule))]

    def fits(sight: Sight) -> bool:
        if sight.is_reply:
            return rule.event == sight.event and rule.connection in {0, sight.connection}
        for check in checks:  # noqa: SIM110  a generator would take as long again
            if not check(sight):
                return False
        return True

    return fits


def _plain_checks(rule: Rule) -> Iterator[Filter]:
    if rule.connection:
        yield lambda sight: sight.connection == rule.connection
    if rule.event:
        event = _matcher(rule.event)
        yield lambda sight: event(sight.event)
    if rule.path:
        path = _matcher(rule.path)
        yield lambda sight: path(sight.path)
    if rule.method:
        method = _matcher(rule.method.upper())
        yield lambda sight: method(sight.method)
    if rule.account:
        account = _matcher(rule.account)
        yield lambda sight: account(sight.account)


def _request_checks(rule: Rule) -> Iterator[Filter]:
    if rule.status:
        status = _matcher(rule.status)
        yield lambda sight: status(str(sight.status))
    for name, wanted in rule.where.items():
        yield _checks_value(wanted, _param(name))
    if rule.symbol:
        yield _checks_any(rule.symbol, lambda sight: _values(sight, ("symbol",)))
    if rule.order:
        yield _checks_any(rule.order, lambda sight: _values(sight, _ORDER_PARAMS))


def _frame_checks(rule: Rule) -> Iterator[Filter]:
    if rule.status:
        yield _checks_value(rule.status, lambda sight: _order_of(sight).get("X"))
    if rule.execution_type:
        yield _checks_value(rule.execution_type, lambda sight: _order_of(sight).get("x"))
    if rule.reason:
        yield _checks_value(rule.reason, lambda sight: _mapping(sight.body.get("a")).get("m"))
    if rule.symbol:
        yield _checks_any(rule.symbol, lambda sight: symbols_of(sight.body))
    if rule.order:
        yield _checks_any(rule.order, _order_names)
    for path, wanted in rule.where.items():
        yield _checks_value(wanted, _field(path))


def _param(name: str) -> Callable[[Sight], object]:
    return lambda sight: sight.params.get(name)


def _field(path: str) -> Callable[[Sight], object]:
    return lambda sight: _at(sight.body, path)


def _checks_value(wanted: str, read: Callable[[Sight], object]) -> Filter:
    fits = _matcher(wanted)

    def check(sight: Sight) -> bool:
        value = read(sight)
        return value is not None and fits(str(value))

    return check


def _checks_any(wanted: str, read: Callable[[Sight], Iterator[str]]) -> Filter:
    fits = _matcher(wanted)
    return lambda sight: any(fits(text) for text in read(sight))


def _matcher(wanted: str) -> Callable[[str], bool]:
    """Return what says whether a text is the wanted one, as `notation.matches` would."""
    if "*" in wanted:
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("*")), re.DOTALL)
        return lambda text: pattern.fullmatch(text) is not None
    if _NUMBER.fullmatch(wanted):
        return lambda text: matches(wanted, text)
    return lambda text: text == wanted


def _order_of(sight: Sight) -> Mapping[str, Any]:
    return _mapping(sight.body.get("o")) or sight.body


def _order_names(sight: Sight) -> Iterator[str]:
    order = _order_of(sight)
    return (str(order[name]) for name in _ORDER_FIELDS if name in order)


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


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
