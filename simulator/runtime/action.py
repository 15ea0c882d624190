"""Does what a step of a scenario says to a running simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, assert_never

from simulator.core.scenario import action as act
from simulator.core.scenario.action import AccountAction, Deed
from simulator.core.scenario.api_action import OnApi
from simulator.core.scenario.engine_action import OnEngine
from simulator.core.scenario.frame_action import OnConnections
from simulator.core.scenario.market_action import OnMarket
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.observation import Subject
from simulator.core.scenario.position_action import OnVenue
from simulator.errors import SimulatorError
from simulator.runtime.api_action import perform_on_api
from simulator.runtime.fault_action import perform_on_faults
from simulator.runtime.frame_action import perform_on_connections
from simulator.runtime.market_action import perform_on_market
from simulator.runtime.position_action import perform_on_venue
from simulator.runtime.truth import remaining

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["NoEngineError", "NoOrderError", "perform"]


class NoOrderError(SimulatorError):
    """An action on an order came from something that was about no order."""

    def __init__(self) -> None:
        super().__init__("which order? what this step follows from was about none: name it with `order:`")


class NoEngineError(SimulatorError):
    """An action is the engine's own, and the exchange has none."""

    def __init__(self) -> None:
        super().__init__("the engine does this itself: play the file with `simulator chaos --scenario`")


def perform(simulator: Simulator, action: Deed, about: Subject) -> Subject:
    """Do an action, and return the order and the account that it was about.

    `about` names them where the action does not. Raises `SimulatorError` or `VenueError` when it cannot be done.
    """
    if isinstance(action, OnEngine):
        raise NoEngineError
    match action:
        case act.Place():
            return _place(simulator, action, about)
        case act.PlaceAlgo():
            return _place_algo(simulator, action, about)
        case act.OrderAction():
            return _on_order(simulator, action, about)
        case act.RefuseConnections():
            simulator.refuse_connections(action.times, action.status)
        case act.RestLag():
            orders_s, account_s = milliseconds(action.orders) / 1000, milliseconds(action.account) / 1000
            simulator.rest_lag(orders_s=orders_s, account_s=account_s, replicas=action.replicas)
        case act.Fault() | act.EndFault():
            perform_on_faults(simulator, action)
        case _:
            _on_any(simulator, action, getattr(action, "account", None) or about.account)
    return about


def _on_any(
    simulator: Simulator, action: AccountAction | OnMarket | OnApi | OnConnections | OnVenue, account: str | None
) -> None:
    if isinstance(action, OnMarket):
        perform_on_market(simulator, action)
    elif isinstance(action, OnApi):
        perform_on_api(simulator, action, account)
    elif isinstance(action, OnConnections):
        perform_on_connections(simulator, action, account)
    elif isinstance(action, OnVenue):
        perform_on_venue(simulator, action, account)
    else:
        _on_account(simulator, action, account)


def _place(simulator: Simulator, action: act.Place, about: Subject) -> Subject:
    account = action.account or about.account
    price = {} if action.price is None else {"price": action.price}
    order_id = simulator.place_external(
        account=account,
        symbol=action.symbol,
        side=action.side,
        type=action.type,
        quantity=action.quantity,
        client_order_id=action.client_order_id,
        **price,
    )
    return Subject(order_id, account)


def _place_algo(simulator: Simulator, action: act.PlaceAlgo, about: Subject) -> Subject:
    account = action.account or about.account
    terms = {field.name: getattr(action, field.name) for field in fields(action) if field.name != "account"}
    simulator.place_external_algo(account=account, **terms)
    return Subject(action.client_algo_id, account)


def _on_order(simulator: Simulator, action: act.OnOrder, about: Subject) -> Subject:
    order = about.order if action.order is None else action.order
    account = action.account or about.account
    if order is None:
        raise NoOrderError
    match action:
        case act.Fill():
            quantity = action.quantity or remaining(simulator, order, account)
            simulator.fill(order, quantity, action.price, account=account)
        case act.Cancel():
            simulator.cancel(order, account=account)
        case act.Expire():
            reason = {} if action.reason is None else {"reason": action.reason}
            simulator.expire(order, account=account, status=action.status, **reason)
        case act.Amend():
            terms = {"quantity": action.quantity, "price": action.price}
            simulator.amend(order, account=account, modify_id=action.modify_id, **terms)
        case act.TriggerAlgo():
            simulator.trigger(order, account=account)
        case act.EndAlgo():
            simulator.end_algo(order, action.status, reason=action.reason, account=account)
        case _:
            assert_never(action)
    return Subject(order, account)


def _on_account(simulator: Simulator, action: AccountAction, account: str | None) -> None:
    match action:
        case act.Transfer():
            simulator.transfer(action.asset, action.amount, reason=action.reason, account=account)
        case act.Push():
            simulator.push(_dated(action.frame, simulator.time_ms), account=account)
        case act.ExpireListenKey() | act.DropListenKey() | act.ReplaceListenKey():
            _on_listen_key(simulator, action, account)
        case act.CloseConnections():
            simulator.close_connections(action.code, action.reason, account=account, connection=action.connection)
        case act.CutConnections():
            simulator.cut_connections(account=account, connection=action.connection)
        case act.SilenceConnections():
            simulator.silence_connections(account=account, connection=action.connection, control=action.control)
        case _:
            assert_never(action)


def _on_listen_key(simulator: Simulator, action: act.OnListenKey, account: str | None) -> None:
    match action:
        case act.ExpireListenKey():
            twice = None if action.twice_after is None else milliseconds(action.twice_after)
            simulator.expire_listen_key(account=account, twice_after_ms=twice)
        case act.DropListenKey():
            simulator.drop_listen_key(account=account)
        case act.ReplaceListenKey():
            simulator.replace_listen_key(account=account)
        case _:
            assert_never(action)


def _dated(frame: Any, now_ms: int) -> Any:
    """Return a frame with the exchange's time in place of `$now`."""
    if isinstance(frame, Mapping):
        return {name: _dated(value, now_ms) for name, value in frame.items()}
    if isinstance(frame, list):
        return [_dated(value, now_ms) for value in frame]
    if frame == "$now":
        return now_ms
    return frame.replace("$now", str(now_ms)) if isinstance(frame, str) else frame
