"""An order that another client of the account sends: snake case in, the parameters of POST order or algoOrder out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from simulator.core.conditional.algo_orders import CONDITIONAL
from simulator.core.domain import GTC, LIMIT

__all__ = ["external_algo_params", "external_params", "external_texts"]

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

_ALGO_NAMES: Final = {
    "symbol": "symbol",
    "side": "side",
    "type": "type",
    "quantity": "quantity",
    "price": "price",
    "trigger_price": "triggerPrice",
    "close_position": "closePosition",
    "reduce_only": "reduceOnly",
    "working_type": "workingType",
    "activate_price": "activatePrice",
    "callback_rate": "callbackRate",
    "client_algo_id": "clientAlgoId",
    "time_in_force": "timeInForce",
    "position_side": "positionSide",
    "price_protect": "priceProtect",
    "good_till_date": "goodTillDate",
}


def external_params(order: Mapping[str, object]) -> dict[str, str]:
    """Return the parameters. A LIMIT order is GTC unless it says otherwise; None leaves a parameter out.

    Raises `TypeError` for an argument that an order does not have.
    """
    params = _renamed(order, _NAMES)
    if params.get("type") == LIMIT:
        params.setdefault("timeInForce", GTC)
    return params


def external_algo_params(order: Mapping[str, object]) -> dict[str, str]:
    """Return the parameters of a conditional order; None leaves a parameter out.

    Raises `TypeError` for an argument that a conditional order does not have.
    """
    return {"algoType": CONDITIONAL} | _renamed(order, _ALGO_NAMES)


def external_texts(params: Mapping[str, object]) -> dict[str, str]:
    """Return parameters as they are sent; None leaves one out."""
    return {name: _text(value) for name, value in params.items() if value is not None}


def _renamed(order: Mapping[str, object], names: Mapping[str, str]) -> dict[str, str]:
    unknown = order.keys() - names.keys()
    if unknown:
        message = f"an order has no {', '.join(sorted(unknown))}: it has {', '.join(names)}"
        raise TypeError(message)
    return {names[name]: _text(value) for name, value in order.items() if value is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)
