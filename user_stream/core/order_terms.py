"""What an order is asked for with: checked before anything is sent, and as Binance wants it written."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from user_stream.core.orders import CONDITIONAL_TYPES, Order, OrderState, is_client_order_id

__all__ = [
    "Amount",
    "ClientOrderIds",
    "algo_params",
    "amend_params",
    "conditional_order",
    "positive_amount",
    "request_params",
    "side_of",
]

Amount: TypeAlias = Decimal | str | int
"""What an engine gives as a quantity or price; never a float, which rounds."""

_LIMITED = frozenset({"STOP", "TAKE_PROFIT"})
_TRAILING = "TRAILING_STOP_MARKET"
_CLOSES_ALL = frozenset({"STOP_MARKET", "TAKE_PROFIT_MARKET"})
_WORKING_TYPES = ("CONTRACT_PRICE", "MARK_PRICE")

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_LONGEST_PREFIX = 12


class ClientOrderIds:
    """Ids that never repeat, across restarts too: `prefix`, the time, `nonce` (drawn once per process), and a count."""

    def __init__(self, prefix: str, nonce: str) -> None:
        if len(prefix) > _LONGEST_PREFIX or (prefix and not is_client_order_id(prefix)):
            message = f"prefix {prefix!r}: at most {_LONGEST_PREFIX} of the characters . A-Z : / a-z 0-9 _ -"
            raise ValueError(message)
        self._prefix = prefix
        self._nonce = nonce
        self._made = 0

    def make(self, time_ms: int) -> str:
        """Return the next id."""
        self._made += 1
        return f"{self._prefix}{_base36(time_ms)}{self._nonce}{_base36(self._made)}"


def side_of(side: str) -> str:
    """Return BUY or SELL. Raises `ValueError` for anything else."""
    if side not in {"BUY", "SELL"}:
        message = f"side must be BUY or SELL, not {side!r}"
        raise ValueError(message)
    return side


def positive_amount(name: str, value: Amount) -> Decimal:
    """Return an amount above zero. Raises `TypeError` for floats, which round, and `ValueError` for what is no
    amount.
    """
    if isinstance(value, float | bool):
        message = f"{name} must be a Decimal, a str or an int, not {value!r}: a float rounds, and a bool is no number"
        raise TypeError(message)
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        message = f"{name} must be a number greater than 0, not {value!r}"
        raise ValueError(message)
    return number


def request_params(order: Order) -> dict[str, str | int]:
    """Return the parameters of POST order (Trade, New Order)."""
    params: dict[str, str | int] = {
        "symbol": order.symbol,
        "side": order.side,
        "type": order.order_type,
        "quantity": format(order.quantity, "f"),
    }
    if order.order_type == "LIMIT":
        params |= {"timeInForce": order.time_in_force, "price": format(order.price, "f")}
    params["newClientOrderId"] = order.client_order_id
    return params | _position_params(order)


def conditional_order(
    *,
    client_order_id: str,
    symbol: str,
    side: str,
    order_type: str,
    quantity: Amount | None,
    close_position: bool,
    trigger_price: Amount | None,
    price: Amount | None,
    working_type: str,
    reduce_only: bool,
    position_side: str,
    activate_price: Amount | None,
    callback_rate: Amount | None,
    time_in_force: str,
) -> Order:
    """Return a conditional order. Raises `ValueError` or `TypeError` for terms that cannot be one."""
    trailing, limited = order_type == _TRAILING, order_type in _LIMITED
    _require_conditional(order_type, working_type)
    _require_amount_or_close(order_type, quantity, close_position=close_position, reduce_only=reduce_only)
    return Order(
        client_order_id=client_order_id,
        symbol=symbol,
        side=side_of(side),
        order_type=order_type,
        quantity=_amount_if("quantity", quantity, wanted=not close_position, of=order_type),
        price=_amount_if("price", price, wanted=limited, of=order_type),
        position_side=position_side,
        time_in_force=time_in_force if limited else "",
        reduce_only=reduce_only,
        stop_price=_amount_if("trigger_price", trigger_price, wanted=not trailing, of=order_type),
        close_position=close_position,
        working_type=working_type,
        activate_price=_amount_if(
            "activate_price", activate_price, wanted=trailing and activate_price is not None, of=order_type
        ),
        callback_rate=_amount_if("callback_rate", callback_rate, wanted=trailing, of=order_type),
    )


def _require_conditional(order_type: str, working_type: str) -> None:
    if order_type not in CONDITIONAL_TYPES:
        message = f"order_type must be one of {', '.join(sorted(CONDITIONAL_TYPES))}, not {order_type!r}"
        raise ValueError(message)
    if working_type not in _WORKING_TYPES:
        message = f"working_type must be {' or '.join(_WORKING_TYPES)}, not {working_type!r}"
        raise ValueError(message)


def _require_amount_or_close(
    order_type: str, quantity: Amount | None, *, close_position: bool, reduce_only: bool
) -> None:
    if not close_position:
        return
    if order_type not in _CLOSES_ALL:
        message = f"close_position goes with {' and '.join(sorted(_CLOSES_ALL))} only, not with {order_type}"
        raise ValueError(message)
    if quantity is not None or reduce_only:
        message = "close_position closes whatever there is: leave quantity and reduce_only out"
        raise ValueError(message)


def _amount_if(name: str, value: Amount | None, *, wanted: object, of: str) -> Decimal:
    """Return an amount that this order type needs, or zero for one that it does not have."""
    if value is None and wanted:
        message = f"{of} orders need a {name}" + (" or close_position" if name == "quantity" else "")
        raise ValueError(message)
    if value is not None and not wanted:
        message = f"{of} orders have no {name}"
        raise ValueError(message)
    return Decimal(0) if value is None else positive_amount(name, value)


def algo_params(order: Order) -> dict[str, str | int]:
    """Return the parameters of POST algoOrder (Trade, New Algo Order)."""
    params: dict[str, str | int] = {
        "algoType": "CONDITIONAL",
        "symbol": order.symbol,
        "side": order.side,
        "type": order.order_type,
    }
    amounts = {
        "quantity": order.quantity,
        "price": order.price,
        "triggerPrice": order.stop_price,
        "activatePrice": order.activate_price,
        "callbackRate": order.callback_rate,
    }
    params |= {name: format(amount, "f") for name, amount in amounts.items() if amount}
    if order.time_in_force:
        params["timeInForce"] = order.time_in_force
    params["workingType"] = order.working_type
    if order.close_position:
        params["closePosition"] = "true"
    params["clientAlgoId"] = order.client_order_id
    return params | _position_params(order)


def amend_params(order: Order, *, quantity: Amount | None, price: Amount | None) -> dict[str, str | int]:
    """Return the parameters of PUT order (Trade, Modify Order), which wants both terms whichever is to change.

    Raises `ValueError` for an order that cannot be amended, and for no terms at all.
    """
    if order.state is not OrderState.ACTIVE or not order.order_id or not order.price:
        kind = "an untriggered conditional order" if order.untriggered else f"{order.state}, {order.order_type}"
        message = f"order {order.client_order_id} cannot be amended: only an active LIMIT order can, and it is {kind}"
        raise ValueError(message)
    if quantity is None and price is None:
        message = f"what is to change about order {order.client_order_id}? Give a quantity, a price, or both"
        raise ValueError(message)
    terms = {
        "quantity": order.quantity if quantity is None else positive_amount("quantity", quantity),
        "price": order.price if price is None else positive_amount("price", price),
    }
    return {
        "symbol": order.symbol,
        "side": order.side,
        "orderId": order.order_id,
        **{name: format(amount, "f") for name, amount in terms.items()},
    }


def _position_params(order: Order) -> dict[str, str | int]:
    params: dict[str, str | int] = {}
    if order.position_side != "BOTH":
        params["positionSide"] = order.position_side
    if order.reduce_only:
        params["reduceOnly"] = "true"
    return params


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
    return digits or "0"
