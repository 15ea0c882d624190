"""What an order is asked for with: checked before anything is sent, and as Binance wants it written."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from user_stream.core.orders import Order, is_client_order_id

__all__ = ["ClientOrderIds", "positive_amount", "request_params", "side_of"]

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


def positive_amount(name: str, value: Decimal | str | int) -> Decimal:
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
