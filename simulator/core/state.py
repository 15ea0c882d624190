"""The exchange's truth as plain data, for tests to compare with and people to read. Keys are masked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulator.core.accounts.account import Account
from simulator.core.amounts import eight, padded
from simulator.core.conditional.algo_bodies import queried_algo_order
from simulator.core.journal import mask
from simulator.core.rest.account_bodies import positions_v3
from simulator.core.rest.order_bodies import listed_order, trade
from simulator.core.trading.exchange import Exchange
from simulator.core.venue import Venue

__all__ = ["venue_state"]


def venue_state(venue: Venue, now_ms: int) -> dict[str, Any]:
    """Return prices, and for each account its orders, conditional orders, trades, positions, balances, in REST's words.

    Orders of both kinds and trades are the history, oldest first, until the exchange forgets them: when REST has not
    shown them for an hour, or when there are very many (`core.housekeeping`).
    """
    exchange = venue.exchange
    return {
        "time_ms": now_ms,
        "prices": {
            symbol: padded(price, exchange.symbols[symbol].price_precision) for symbol, price in exchange.prices.items()
        },
        "accounts": {name: _account_state(venue, account) for name, account in exchange.accounts.items()},
    }


def _account_state(venue: Venue, account: Account) -> dict[str, Any]:
    exchange = venue.exchange
    return {
        "listen_key": mask(venue.listen_keys.current(account.name) or ""),
        "dual_side_position": account.dual_side_position,
        "balances": {asset: eight(amount) for asset, amount in account.wallets.items()},
        "orders": [listed_order(order, exchange.symbols[order.symbol]) for order in account.orders.values()],
        "algo_orders": [
            queried_algo_order(algo, venue.algos.child(algo), exchange.symbols[algo.symbol])
            for algo in venue.algos.orders(account.name)
        ],
        "trades": _trades(exchange, account),
        "positions": [row for row in positions_v3(exchange, account, None) if Decimal(row["positionAmt"])],
    }


def _trades(exchange: Exchange, account: Account) -> list[dict[str, Any]]:
    fills = sorted((fill for fills in account.fills.values() for fill in fills), key=lambda fill: fill.trade_id)
    return [trade(fill, exchange.symbols[fill.symbol]) for fill in fills]
