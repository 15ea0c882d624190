"""Random histories of a market: orders of several accounts, price moves, and what only the exchange does."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

from simulator import AccountSpec, MarketTerms, Profile, VenueError
from simulator.core.accounts.account import Account
from simulator.core.accounts.position import Position
from simulator.core.domain import BUY, IOC, MARKET, SELL
from simulator.core.facts import Fact
from simulator.core.risk.forced import Closing, adjust_position, close_position
from simulator.core.risk.funding import fund
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.market_terms import Liquidity
from simulator.core.trading.orders import Order
from tests.simulator.core.small_markets import BTC, ETH, NOW, limit

BTC_PRICES: Final = ("63000.00", "64999.90", "65000.00", "65000.10", "65000.70", "67000.30")
ACCOUNTS: Final = ("cross", "hedge", "isolated", "burner")
SIDES: Final = {"cross": ("BOTH",), "hedge": ("LONG", "SHORT"), "isolated": ("BOTH",), "burner": ("BOTH",)}

amounts = st.integers(1, 2_000).map(lambda steps: Decimal(steps) / 1000)
prices = st.sampled_from(BTC_PRICES).map(Decimal)
names = st.sampled_from(ACCOUNTS)
sides = st.sampled_from((BUY, SELL))
kinds = st.sampled_from(
    ["limit", "market", "ioc", "price", "mark", "fund", "cancel", "amend", "fill", "close", "adjust", "transfer"]
)
actions = st.tuples(kinds, names, sides, amounts, prices)
TERMS: Final[dict[str, dict[str, object]]] = {"limit": {}, "market": {"type": MARKET}, "ioc": {"time_in_force": IOC}}
Action = tuple[str, str, str, Decimal, Decimal]


def an_exchange_of(liquidity: Liquidity) -> Exchange:
    accounts = [
        AccountSpec(name=name, api_key=f"{name:0>64}", balance="1000000", dual_side_position=name == "hedge")
        for name in ACCOUNTS
    ]
    exchange = Exchange(accounts, (BTC, ETH), 0, MarketTerms(liquidity=liquidity, levels=20))
    exchange.accounts["isolated"].isolated_symbols.add("BTCUSDT")
    return exchange


def act(exchange: Exchange, action: Action) -> list[Fact]:
    """Do it, if there is what it needs and the exchange does not refuse it; return what became true."""
    facts: list[Fact] = []
    with suppress(VenueError):
        facts = _act(exchange, action)
    return facts


def _act(exchange: Exchange, action: Action) -> list[Fact]:
    kind, name, side, quantity, price = action
    account = exchange.accounts[name]
    position_side = SIDES[name][0 if side == BUY else -1]
    if kind in TERMS:
        intent = limit(
            side, str(quantity), "0" if kind == "market" else str(price), position_side=position_side, **TERMS[kind]
        )
        return exchange.place(account, intent, NOW)[1]
    if kind in {"cancel", "amend", "fill"}:
        order = next(iter(account.open_orders.get("BTCUSDT", {}).values()), None)
        return [] if order is None else _change_order(exchange, kind, order, quantity, price)
    if kind in {"close", "adjust"}:
        return _change_position(exchange, kind, account, account.position("BTCUSDT", position_side), quantity, price)
    return _change_market(exchange, kind, account, quantity, price)


def _change_order(exchange: Exchange, kind: str, order: Order, quantity: Decimal, price: Decimal) -> list[Fact]:
    match kind:
        case "cancel":
            return [exchange.cancel(order, NOW)]
        case "amend":
            return exchange.amend(order, quantity=quantity, price=price, modify_id="", now_ms=NOW)[1]
        case _:
            return exchange.fill(order, min(quantity, order.remaining), price, NOW)


def _change_position(  # noqa: PLR0917  a drawn action
    exchange: Exchange, kind: str, account: Account, position: Position, quantity: Decimal, price: Decimal
) -> list[Fact]:
    if kind == "adjust":
        return adjust_position(exchange, account, position, quantity, entry_price=price, now_ms=NOW)
    if position.amount:
        closing = Closing(kind="LIQUIDATION", quantity=min(quantity, abs(position.amount)), price=price)
        return close_position(exchange, account, position, closing, profile=Profile(), now_ms=NOW)[1]
    return []


def _change_market(exchange: Exchange, kind: str, account: Account, quantity: Decimal, price: Decimal) -> list[Fact]:
    match kind:
        case "price":
            return exchange.set_price("BTCUSDT", price, NOW)
        case "mark":
            return exchange.set_mark("BTCUSDT", price + Decimal("0.12345678"), price, NOW)
        case "fund":
            return fund(exchange, "BTCUSDT", quantity / 1000, NOW)
        case _:
            return exchange.transfer(account, "USDT", quantity, "DEPOSIT", NOW)
