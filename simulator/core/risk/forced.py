"""Positions that the exchange closes itself: liquidation, auto-deleverage (ADL), settlement.

Each is an order that the account never sent, told by its client order id, and filled at once with the whole quantity:

| closing     | client order id                | order               | variant of the fixtures                    |
|-------------|--------------------------------|---------------------|--------------------------------------------|
| liquidation | `autoclose-<number>`           | LIMIT IOC           |                                            |
| ADL         | `adl_autoclose`, for every one | MARKET GTC          | LIMIT IOC reduce-only, status NEW_ADL      |
| settlement  | `settlement_autoclose-<ms>`    | MARKET IOC          | LIMIT IOC reduce-only, executed as TRADE   |

The fill is executed as CALCULATED, and has no TRADE_LITE. Before a liquidation the open orders of its symbol expire
(reason 5). How much of it is told is a choice, because it was seen that too little is: everything; all but the NEW;
only the ACCOUNT_UPDATE; or nothing. REST shows it all in every case.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from simulator.core.accounts.account import Account
from simulator.core.accounts.position import Position
from simulator.core.amounts import ZERO
from simulator.core.domain import BUY, CALCULATED, GTC, IOC, LIMIT, MARKET, SELL, TRADE
from simulator.core.facts import AccountPatch, Fact, OrderAccepted, OrderFilled, WalletChanged
from simulator.core.profile import Profile
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import OrderIntent

__all__ = [
    "LIQUIDATED",
    "Closing",
    "ClosingKind",
    "Told",
    "TradeIdShown",
    "adjust_position",
    "as_told",
    "close_position",
    "closing_intent",
    "closing_kind",
]

ClosingKind: TypeAlias = Literal["LIQUIDATION", "ADL", "SETTLEMENT"]
Told: TypeAlias = Literal["everything", "without_new", "account_update", "nothing"]
TradeIdShown: TypeAlias = Literal["real", "zero"]

_PREFIXES: Final[dict[str, ClosingKind]] = {
    "autoclose-": "LIQUIDATION",
    "adl_autoclose": "ADL",
    "settlement_autoclose-": "SETTLEMENT",
}
LIQUIDATED: Final = "5"
"""The wire's `er` of an order that ends because its account is liquidated."""


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """What is closed and how. `quantity` is in the base asset, above 0, at most what is held.

    With the trade id "zero" the stream shows 0 for the trade's id; REST shows the real one.
    """

    kind: ClosingKind
    quantity: Decimal
    price: Decimal
    told: Told = "everything"
    trade_id: TradeIdShown = "real"


def closing_kind(client_order_id: str) -> ClosingKind | None:
    """Return what an order of this client order id closed, or None when it is not the exchange's."""
    return next((kind for prefix, kind in _PREFIXES.items() if client_order_id.startswith(prefix)), None)


def close_position(
    exchange: Exchange, account: Account, position: Position, closing: Closing, *, profile: Profile, now_ms: int
) -> tuple[int, list[Fact]]:
    """Close a position, or a part of it; return the order's id and what is told."""
    ended: list[Fact] = []
    if closing.kind == "LIQUIDATION":
        orders = list(account.open_orders.get(position.symbol, {}).values())
        ended += [exchange.expire(order, LIQUIDATED, now_ms) for order in orders]
    intent = closing_intent(position, closing, profile, now_ms)
    facts = exchange.force(account, intent, closing.price, now_ms)
    order_id = next(fact.order.order_id for fact in facts if isinstance(fact, OrderAccepted))
    told = [fact for happened in facts for fact in as_told(happened, closing, profile, order_id)]
    return order_id, [] if closing.told == "nothing" else [*ended, *told]


def adjust_position(
    exchange: Exchange, account: Account, position: Position, amount: Decimal, *, entry_price: Decimal, now_ms: int
) -> list[Fact]:
    """Give a position another amount and entry price, without order, trade or profit, as no documented rule does."""
    adjusted = replace(
        position,
        amount=amount,
        entry_price=entry_price if amount else ZERO,
        cost=entry_price * amount,
        update_ms=now_ms,
    )
    account.hold(adjusted)
    spec = exchange.symbols[position.symbol]
    exchange.house.clear(spec.quote_asset, position, adjusted)
    patch = AccountPatch(positions=account.position_rows(adjusted, exchange.marks[spec.symbol], spec.quote_asset))
    return [WalletChanged(account=account.name, time_ms=now_ms, reason="ADJUSTMENT", patch=patch)]


def closing_intent(position: Position, closing: Closing, profile: Profile, now_ms: int) -> OrderIntent:
    """Return the order that a closing is told as."""
    is_fixture = profile.forced_orders == "fixtures"
    is_limit = closing.kind == "LIQUIDATION" or is_fixture
    return OrderIntent(
        symbol=position.symbol,
        side=SELL if position.amount > 0 else BUY,
        type=profile.liquidation_type if closing.kind == "LIQUIDATION" else LIMIT if is_limit else MARKET,
        time_in_force=GTC if closing.kind == "ADL" and not is_fixture else IOC,
        quantity=closing.quantity,
        price=closing.price if is_limit else ZERO,
        position_side=position.position_side,
        reduce_only=closing.kind != "LIQUIDATION" and is_fixture,
        client_order_id=_client_order_id(position, closing.kind, now_ms),
    )


def _client_order_id(position: Position, kind: ClosingKind, now_ms: int) -> str:
    match kind:
        case "LIQUIDATION":
            return f"autoclose-{now_ms}{sum(position.symbol.encode()) % 1000:03}"
        case "ADL":
            return "adl_autoclose"
        case "SETTLEMENT":
            return f"settlement_autoclose-{now_ms}"


def as_told(fact: Fact, closing: Closing, profile: Profile, order_id: int) -> Iterator[Fact]:
    """Yield what is told of one of the facts of a closing; those about other orders are told whole."""
    match fact:
        case OrderFilled() if fact.order.order_id == order_id:
            yield _fill_told(fact, closing, profile)
        case OrderAccepted() if closing.told != "everything":
            pass
        case _:
            yield fact


def _fill_told(fact: OrderFilled, closing: Closing, profile: Profile) -> Fact:
    if closing.told == "account_update":
        return WalletChanged(account=fact.account, time_ms=fact.time_ms, reason="ORDER", patch=fact.patch)
    is_fixture = profile.forced_orders == "fixtures"
    order = replace(fact.order, status="NEW_ADL") if is_fixture and closing.kind == "ADL" else fact.order
    fill = replace(fact.fill, trade_id=0) if closing.trade_id == "zero" else fact.fill
    execution_type = TRADE if is_fixture and closing.kind == "SETTLEMENT" else CALCULATED
    return replace(fact, order=order, fill=fill, execution_type=execution_type)
