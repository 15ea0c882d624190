"""Liquidation by the exchange itself: who is due, and what becomes of the position.

What carries a position, the wallet of an isolated one, or what all cross positions share (`risk.health`), is examined
when it may have changed: a mark moved, a trade, a fee, a transfer, a setting. When the maintenance margin reaches
`margin_call_ratio` of the balance there is a MARGIN_CALL, once until it falls below again; when it reaches the balance:

1. the open orders that the balance also carries expire (reason 5);
2. the positions are closed whole, that with the largest maintenance margin first, until the rest is healthy: a LIMIT
   IOC order at the bankruptcy price, which trades with whoever is in the market;
3. what nobody takes the insurance fund takes over at that price: it has the gain or the loss against the mark, and
   hands the position on to the house;
4. a loss that the fund cannot bear is deleveraged before: the most profitable positions of the other side (`risk.adl`)
   are reduced at the bankruptcy price. What they cannot take the fund takes all the same;
5. of what is left the fund gets the liquidation fee, and a debt it pays: INSURANCE_CLEAR. A wallet does not stay below
   zero when all that it carried is gone.

Binance reduces large positions step by step; here they are closed at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from msgspec.structs import replace

from simulator.core.accounts.account import Account
from simulator.core.accounts.brackets import maintenance
from simulator.core.accounts.income import INSURANCE_CLEAR
from simulator.core.accounts.margin import asset_margin, pooled_margin
from simulator.core.accounts.position import Position
from simulator.core.amounts import ZERO, money
from simulator.core.domain import SymbolSpec
from simulator.core.facts import (
    AccountPatch,
    Fact,
    LeverageChanged,
    MarginCalled,
    MultiAssetsModeChanged,
    OrderFilled,
    WalletChanged,
)
from simulator.core.profile import Profile
from simulator.core.risk.adl import line
from simulator.core.risk.forced import LIQUIDATED, Closing, as_told, closing_intent
from simulator.core.risk.health import bankruptcy_price, health_of
from simulator.core.risk.risk_terms import RiskTerms
from simulator.core.trading.depth import Level
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import Order

__all__ = ["Liquidations"]

_TELLING = (OrderFilled, WalletChanged, LeverageChanged, MultiAssetsModeChanged)
"""The facts after which an account may be due."""


class Carried(NamedTuple):
    """Positions that one balance carries; `key` names it: (symbol, position side), or (asset, "")."""

    key: tuple[str, str]
    positions: tuple[Position, ...]


class Liquidations:
    """Watches the accounts of an exchange; scripted terms leave them alone."""

    def __init__(self, exchange: Exchange, profile: Profile, terms: RiskTerms) -> None:
        self._exchange = exchange
        self._profile = profile
        self._terms = terms
        self._called: set[tuple[str, str, str]] = set()
        self._pooled: set[str] = set()
        for asset in sorted({spec.quote_asset for spec in exchange.symbols.values()}):
            exchange.house.insure(asset, terms.insurance_fund)

    def follow(self, facts: Sequence[Fact], now_ms: int) -> list[Fact]:
        """Warn and liquidate who is due since these facts became true, and return what became true by that."""
        found: list[Fact] = []
        suspects = self._suspects(facts)
        while suspects:
            news = [fact for account in suspects for fact in self._examine(account, now_ms)]
            found += news
            suspects = self._suspects(news)
        return found

    def _suspects(self, facts: Sequence[Fact]) -> list[Account]:
        exchange = self._exchange
        if not facts and not exchange.moved:
            return []
        moved = sorted(exchange.moved)
        exchange.moved.clear()
        if self._terms.liquidation == "scripted":
            return []
        names: dict[str, None] = {}
        for fact in facts:
            if isinstance(fact, _TELLING):
                names[fact.account] = None
            if isinstance(fact, MultiAssetsModeChanged):
                (self._pooled.add if fact.multi_assets else self._pooled.discard)(fact.account)
        for symbol in moved:
            names.update(dict.fromkeys(exchange.holders.get(symbol, ())))
            names.update(dict.fromkeys(sorted(self._pooled)))
        return [account for account in (exchange.accounts[name] for name in names) if account.held]

    def _examine(self, account: Account, now_ms: int) -> list[Fact]:
        facts: list[Fact] = []
        for carried in self._carried(account):
            health = health_of(account, carried.positions[0], self._exchange.symbols, self._exchange.marks)
            key = (account.name, *carried.key)
            if self._terms.margin_call_ratio is None or not health.has_reached(self._terms.margin_call_ratio):
                self._called.discard(key)
            elif key not in self._called:
                self._called.add(key)
                facts.append(self._call(account, carried.positions, now_ms))
            if health.is_lost:
                facts += self._liquidate(account, carried.positions, now_ms)
        return facts

    def _carried(self, account: Account) -> list[Carried]:
        carried: dict[tuple[str, str], list[Position]] = {}
        for position in account.held.values():
            if account.is_isolated(position.symbol):
                key = (position.symbol, position.position_side)
            elif account.multi_assets_margin:
                key = ("", "")
            else:
                key = (self._exchange.symbols[position.symbol].quote_asset, "")
            carried.setdefault(key, []).append(position)
        return [Carried(key, tuple(positions)) for key, positions in carried.items()]

    def _call(self, account: Account, positions: Sequence[Position], now_ms: int) -> Fact:
        rows = []
        for position in positions:
            spec, mark = self._exchange.symbols[position.symbol], self._exchange.marks[position.symbol]
            row = account.position_row(position, mark, spec.quote_asset)
            rows.append(replace(row, maintenance=money(maintenance(spec, position.amount * mark))))
        asset = rows[0].margin_asset
        cross = None if account.is_isolated(positions[0].symbol) else account.balance_row(asset).cross_wallet
        return MarginCalled(account=account.name, time_ms=now_ms, cross_wallet=cross, positions=tuple(rows))

    def _liquidate(self, account: Account, positions: Sequence[Position], now_ms: int) -> list[Fact]:
        facts: list[Fact] = [
            self._exchange.expire(order, LIQUIDATED, now_ms) for order in self._orders_beside(account, positions[0])
        ]
        for position in sorted(positions, key=self._maintenance, reverse=True):
            health = health_of(account, position, self._exchange.symbols, self._exchange.marks)
            if not health.is_lost:
                break
            facts += self._close(account, position, health.balance, now_ms)
        return facts

    def _orders_beside(self, account: Account, position: Position) -> list[Order]:
        """Return the open orders that are carried by what carries the position."""
        symbols = self._exchange.symbols
        is_isolated = account.is_isolated(position.symbol)
        asset = symbols[position.symbol].quote_asset

        def is_beside(symbol: str) -> bool:
            if is_isolated or account.is_isolated(symbol):
                return symbol == position.symbol
            return account.multi_assets_margin or symbols[symbol].quote_asset == asset

        return [
            order for symbol, orders in account.open_orders.items() if is_beside(symbol) for order in orders.values()
        ]

    def _maintenance(self, position: Position) -> Decimal:
        mark = self._exchange.marks[position.symbol]
        return maintenance(self._exchange.symbols[position.symbol], position.amount * mark)

    def _close(self, account: Account, position: Position, balance: Decimal, now_ms: int) -> list[Fact]:
        exchange, spec = self._exchange, self._exchange.symbols[position.symbol]
        price = _possible(bankruptcy_price(position, exchange.marks[position.symbol], balance), spec, position)
        closing = Closing(kind="LIQUIDATION", quantity=abs(position.amount), price=price)
        accepted = exchange.enter(account, closing_intent(position, closing, self._profile, now_ms), now_ms)
        order_id = accepted.order.order_id
        happened: list[Fact] = [accepted, *exchange.take(accepted.order, now_ms)]
        happened += self._deleverage(account.orders[order_id], price, now_ms)
        happened += self._take_over(account.orders[order_id], price, now_ms)
        facts = [told for fact in happened for told in as_told(fact, closing, self._profile, order_id)]
        return facts + self._clear(account, position, account.orders[order_id], now_ms)

    def _gain(self, order: Order, price: Decimal) -> Decimal:
        """Return what the fund would gain if it took over what is left of an order; a loss is negative."""
        return money(order.sign * (price - self._exchange.marks[order.symbol]) * order.remaining)

    def _deleverage(self, order: Order, price: Decimal, now_ms: int) -> list[Fact]:
        exchange = self._exchange
        fund = exchange.house.insurance.get(exchange.symbols[order.symbol].quote_asset, ZERO)
        if not order.is_open or fund + self._gain(order, price) >= ZERO:
            return []
        facts: list[Fact] = []
        for other, position in line(exchange, order.symbol, order.sign):
            if not order.is_open:
                break
            if other.name == order.account:
                continue
            quantity = min(order.remaining, abs(position.amount))
            closing = Closing(kind="ADL", quantity=quantity, price=price)
            accepted = exchange.enter(other, closing_intent(position, closing, self._profile, now_ms), now_ms)
            traded = exchange.trade(Level(quantity, price), now_ms, taker=order, maker=accepted.order)
            order_id = accepted.order.order_id
            facts += [told for fact in (accepted, *traded) for told in as_told(fact, closing, self._profile, order_id)]
            order = exchange.accounts[order.account].orders[order.order_id]
        return facts

    def _take_over(self, order: Order, price: Decimal, now_ms: int) -> list[Fact]:
        if not order.is_open:
            return []
        exchange, gain = self._exchange, self._gain(order, price)
        asset = exchange.symbols[order.symbol].quote_asset
        facts = exchange.trade(Level(order.remaining, price), now_ms, taker=order)
        exchange.house.insure(asset, gain)
        exchange.house.pay(asset, gain)
        return facts

    def _clear(self, account: Account, position: Position, order: Order, now_ms: int) -> list[Fact]:
        """Let the fund have the liquidation fee of what is left, or pay what is missing."""
        spec = self._exchange.symbols[position.symbol]
        left = self._left(account, position, order)
        if left is None:
            return []
        change = -left if left < ZERO else -min(left, money(order.quote * spec.liquidation_fee))
        if not change:
            return []
        asset = spec.quote_asset
        account.credit(asset, change, now_ms)
        account.earn(INSURANCE_CLEAR, asset, change, now_ms, position.symbol)
        self._exchange.house.insure(asset, -change)
        patch = AccountPatch((account.balance_row(asset, change),))
        return [WalletChanged(account=account.name, time_ms=now_ms, reason=INSURANCE_CLEAR, patch=patch)]

    def _left(self, account: Account, position: Position, order: Order) -> Decimal | None:
        """Return what is left of the balance that carried the position; None while a debt may still be made good."""
        exchange = self._exchange
        if account.is_isolated(position.symbol):
            fills = [fill for fill in account.fills[position.symbol] if fill.order_id == order.order_id]
            asset = exchange.symbols[position.symbol].quote_asset
            paid = sum((fill.commission for fill in fills if fill.commission_asset == asset), ZERO)
            return position.isolated_wallet + sum((fill.realized_profit for fill in fills), ZERO) - paid
        if account.multi_assets_margin:
            balance = pooled_margin(account, exchange.symbols, exchange.marks).cross_balance
        else:
            asset = exchange.symbols[position.symbol].quote_asset
            balance = asset_margin(account, asset, exchange.symbols, exchange.marks).cross_balance
        others = [held for held in self._carried(account) if not account.is_isolated(held.positions[0].symbol)]
        is_carrying = any(self._is_carried_with(account, position, held.positions[0]) for held in others)
        return None if balance < ZERO and is_carrying else money(balance)

    def _is_carried_with(self, account: Account, one: Position, other: Position) -> bool:
        symbols = self._exchange.symbols
        return account.multi_assets_margin or symbols[one.symbol].quote_asset == symbols[other.symbol].quote_asset


def _possible(price: Decimal, spec: SymbolSpec, position: Position) -> Decimal:
    """Return the price on the tick on the near side, so that no more than the balance is lost, and above 0."""
    rounding = ROUND_CEILING if position.amount > 0 else ROUND_FLOOR
    ticks = (price / spec.tick_size).to_integral_value(rounding)
    return max(ticks * spec.tick_size, spec.tick_size)
