"""How scripts and tests name things: accounts, symbols, orders, amounts; and one clear error for each wrong name."""

from __future__ import annotations

from decimal import Decimal

from simulator.core.accounts.account import Account
from simulator.core.accounts.position import Position
from simulator.core.amounts import decimal_amount
from simulator.core.conditional.algo_orders import AlgoOrder
from simulator.core.domain import SymbolSpec
from simulator.core.trading.depth import Level
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import Order
from simulator.core.venue import Venue
from simulator.errors import (
    BadAmountError,
    NoPositionError,
    OrderNotOpenError,
    UnknownAccountError,
    UnknownOrderError,
    UnknownSymbolError,
)

__all__ = [
    "find_account",
    "find_open_order",
    "find_position",
    "find_symbol",
    "find_waiting_algo",
    "possible_closing",
    "possible_fill",
    "possible_level",
    "possible_mark",
    "possible_price",
    "possible_quantity",
]


def possible_price(spec: SymbolSpec, price: str | Decimal) -> Decimal:
    """Return the price. Raises `BadAmountError` unless it is a positive multiple of the symbol's tick."""
    amount = decimal_amount(price)
    if amount <= 0 or amount % spec.tick_size:
        raise BadAmountError(price, f"a price above 0 in steps of {spec.tick_size:f} for {spec.symbol}")
    return amount


def possible_mark(spec: SymbolSpec, price: str | Decimal) -> Decimal:
    """Return the mark or index price, which lies on no tick. Raises `BadAmountError` unless it is positive."""
    amount = decimal_amount(price)
    if amount <= 0:
        raise BadAmountError(price, f"a mark price above 0 for {spec.symbol}")
    return amount


def possible_quantity(spec: SymbolSpec, quantity: str | Decimal) -> Decimal:
    """Return the quantity. Raises `BadAmountError` unless it is a positive multiple of the symbol's step."""
    amount = decimal_amount(quantity)
    if amount <= 0 or amount % spec.step_size:
        raise BadAmountError(quantity, f"a quantity above 0 in steps of {spec.step_size:f} for {spec.symbol}")
    return amount


def possible_fill(account: Account, order: Order, spec: SymbolSpec, quantity: str | Decimal) -> Decimal:
    """Return the quantity. Raises `BadAmountError`, or `OrderNotOpenError` when it is more than can be filled."""
    amount = possible_quantity(spec, quantity)
    if amount > order.remaining:
        raise OrderNotOpenError(order.order_id, f"has only {order.remaining:f} left, not {amount:f}")
    closable = account.closable(order.symbol, order.position_side, order.sign)
    if order.reduce_only and amount > closable:
        raise OrderNotOpenError(order.order_id, f"is reduce-only, and there is only {closable:f} to reduce")
    return amount


def possible_level(spec: SymbolSpec, quantity: str | Decimal, price: str | Decimal) -> Level:
    """Return what is to be taken at a price. Raises `BadAmountError` for what the symbol's steps do not allow."""
    return Level(possible_quantity(spec, quantity), possible_price(spec, price))


def find_account(exchange: Exchange, name: str | None) -> Account:
    """Return the account of this name; None means the first. Raises `UnknownAccountError`."""
    accounts = exchange.accounts
    if name is None:
        return next(iter(accounts.values()))
    if name not in accounts:
        raise UnknownAccountError(name, accounts)
    return accounts[name]


def find_symbol(exchange: Exchange, symbol: str) -> SymbolSpec:
    """Return the symbol. Raises `UnknownSymbolError`, which names the nearest ones."""
    spec = exchange.symbols.get(symbol)
    if spec is None:
        raise UnknownSymbolError(symbol, exchange.symbols)
    return spec


def find_position(account: Account, symbol: str, position_side: str | None) -> Position:
    """Return a position that is not empty; None means the only one of the symbol. Raises `NoPositionError`."""
    sides = account.position_sides() if position_side is None else (position_side,)
    held = [position for position in (account.position(symbol, side) for side in sides) if position.amount]
    if not held:
        raise NoPositionError(symbol, f"account {account.name!r} has no such position")
    if len(held) > 1:
        raise NoPositionError(symbol, "which one? there is a LONG and a SHORT position: give position_side")
    return held[0]


def possible_closing(position: Position, spec: SymbolSpec, quantity: str | Decimal) -> Decimal:
    """Return how much of a position to close. Raises `BadAmountError` for more than there is."""
    amount = possible_quantity(spec, quantity)
    if amount > abs(position.amount):
        raise BadAmountError(quantity, f"at most the position of {abs(position.amount):f} {spec.symbol}")
    return amount


def find_open_order(account: Account, order: str | int) -> Order:
    """Return the open order with this order id, or else this client order id.

    Raises `UnknownOrderError` when there never was one, `OrderNotOpenError` when it has ended.
    """
    ended: Order | None = None
    for found in reversed(account.orders.values()):
        if order in {found.order_id, str(found.order_id), found.client_order_id}:
            if found.is_open:
                return found
            ended = ended or found
    if ended is None:
        raise UnknownOrderError(order, account.name)
    raise OrderNotOpenError(ended.order_id, f"has ended: it is {ended.status}")


def find_waiting_algo(venue: Venue, account: Account, order: str | int) -> AlgoOrder:
    """Return the conditional order with this algo id, or client algo id, that waits for its price.

    Raises `UnknownOrderError` when there never was one, `OrderNotOpenError` when it has triggered or ended.
    """
    gone: AlgoOrder | None = None
    for found in reversed(venue.algos.orders(account.name)):
        if order in {found.algo_id, str(found.algo_id), found.client_algo_id}:
            if found.is_waiting:
                return found
            gone = gone or found
    if gone is None:
        raise UnknownOrderError(order, account.name)
    raise OrderNotOpenError(gone.algo_id, f"waits no more: it is {gone.status}")
