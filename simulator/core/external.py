"""An order that another client of the account sends: snake case in, the parameters of POST order out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from simulator.core.domain import GTC, LIMIT

__all__ = ["external_params"]

_NAMES: Final = {
    "symbol": "symbol",
    "side": "side",
    "type": "type",
    "quantity": "quantity",
    "price": "price",
    "client_order_id": "newClientOrderId",
    "time_in_force": "timeInForce",
    "position_side": "positionSide",
    "reduce_only": "reduceOnly",
    "good_till_date": "goodTillDate",
}


def external_params(order: Mapping[str, object]) -> dict[str, str]:
    """Return the parameters. A LIMIT order is GTC unless it says otherwise; None leaves a parameter out.

    Raises `TypeError` for an argument that an order does not have.
    """
    unknown = order.keys() - _NAMES.keys()
    if unknown:
        message = f"an order has no {', '.join(sorted(unknown))}: it has {', '.join(_NAMES)}"
        raise TypeError(message)
    params = {_NAMES[name]: _text(value) for name, value in order.items() if value is not None}
    if params.get("type") == LIMIT:
        params.setdefault("timeInForce", GTC)
    return params


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
