"""Semantic liveness: does the stream tell what REST shows?

A socket that accepted the handshake, answers pings and says nothing looks just like a quiet account. Only the account
itself can tell them apart. So REST is asked, cheaply and now and then, for what an event would have changed: open
orders of both books, orders made lately, those that we sent and heard nothing of, positions, balances. What it shows
and the stream has not told is a *suspicion*. REST lags, so what it shows may be old, and only what is younger than our
knowledge counts; and the stream may be about to tell, so a suspicion stands only if it is still there after a grace.
What REST does *not* show proves little by itself: an order that we hold open and that is not listed is asked for by id,
once it is older than the lag, and a position that is not listed counts when two comparisons, further apart than the
lag, agree.

Of what moved before the present connections began, and REST hid from the recovery, no connection can tell: while that
recovery is unconfirmed, such a difference leaves the matter undecided, and is the confirming pass's to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from user_stream.contracts import OrderIntent
from user_stream.core.account_feed import AccountFeed, differs
from user_stream.core.algo_rows import AlgoRow
from user_stream.core.conditional_orders import ConditionalOrder, ConditionalOrders
from user_stream.core.ledger import Ledger
from user_stream.core.mapping import ENDED, map_order_row
from user_stream.core.order_record import OrderKey
from user_stream.core.rest_rows import BalanceRow, OrderRow, PositionRow

__all__ = ["Comparison", "Shown"]

_Amount: TypeAlias = tuple[str, int]
"""An amount and the exchange's time of it, 0 when that is not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What REST answered. `asked_at`: the exchange's time of the question, ms. `orders` are open, `recent` ones were
    made lately, `queried` ones asked for by name or id; likewise `algos` and `queried_algos`.

    `owed_since`: from when on the connections have to tell everything, exchange ms; 0 when nothing before is in doubt.
    """

    asked_at: int
    owed_since: int = 0
    orders: Sequence[OrderRow] = ()
    recent: Sequence[OrderRow] = ()
    queried: Sequence[OrderRow] = ()
    algos: Sequence[AlgoRow] = ()
    queried_algos: Sequence[AlgoRow] = ()
    positions: Sequence[PositionRow] = ()
    balances: Sequence[BalanceRow] = ()


@dataclass(slots=True)
class Comparison:
    """Compares answers with what was told. `order_lag_ms`, `account_lag_ms`: by how much REST may lag."""

    ledger: Ledger
    feed: AccountFeed
    order_lag_ms: int
    account_lag_ms: int
    conditionals: ConditionalOrders | None = None
    _puzzles: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Differences without a time of their own: since when each is seen, and what REST said then."""
    _earlier: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Those of the comparison before."""

    def unlisted_orders(self, shown: Shown) -> list[OrderKey]:
        """Return the orders to ask for by id: held open, not listed, and quiet for longer than REST lags."""
        listed = {(row.symbol, str(row.order_id)) for row in shown.orders}
        settled = shown.asked_at - self.order_lag_ms
        unlisted = (key for key in self.ledger.open_orders if key not in listed)
        return [key for key in unlisted if (held := self.ledger.order(key)) and held.last_time < settled]

    def unheard_of(self, intents: Iterable[OrderIntent], shown: Shown) -> list[OrderIntent]:
        """Return the orders to ask for by name: sent for longer than REST's account answers lag, and never heard of."""
        return [intent for intent in intents if intent.sent_at_ms < shown.asked_at - self.account_lag_ms]

    def unlisted_algos(self, shown: Shown) -> list[ConditionalOrder]:
        """Return the conditional orders to ask for by id, likewise."""
        listed = {row.algo_id for row in shown.algos}
        settled = shown.asked_at - self.order_lag_ms
        live = self.conditionals.live if self.conditionals else []
        return [held for held in live if held.algo_id not in listed and held.last_sign < settled]

    @property
    def undecided(self) -> bool:
        """True while REST differs from what we know, and nobody can say yet which of them is older."""
        return bool(self._puzzles)

    def suspicions(self, shown: Shown) -> list[str]:
        """Return what REST shows that the stream has not told, in words without amounts."""
        self._earlier, self._puzzles = self._puzzles, {}
        return [
            *self._orders(shown),
            *self._algos(shown),
            *(f"position of {name}" for name in self._positions(shown)),
            *(f"balance of {row.asset}" for row in shown.balances if self._balance_is_news(row, shown)),
        ]

    def _orders(self, shown: Shown) -> list[str]:
        rows = {(row.symbol, row.order_id, row.status): row for row in (*shown.orders, *shown.recent, *shown.queried)}
        news = [row for row in rows.values() if self._order_is_news(row)]
        names = [(f"order {row.order_id} of {row.symbol}", row.update_time, row.status) for row in news]
        return [name for name, at, status in names if self._is_owed(name, at, status, shown)]

    def _algos(self, shown: Shown) -> list[str]:
        news = [row for row in shown.algos if self._held_algo(row) is None]
        news += [row for row in shown.queried_algos if self._algo_is_news(row)]
        names = [(f"conditional order {row.algo_id} of {row.symbol}", row.update_time, row.algo_status) for row in news]
        return [name for name, at, status in names if self._is_owed(name, at, status, shown)]

    def _is_owed(self, name: str, at: int, status: str, shown: Shown) -> bool:
        if at > shown.owed_since:
            return True
        self._puzzles[name] = (shown.asked_at, status)
        return False

    def _order_is_news(self, row: OrderRow) -> bool:
        """Say whether an order is unknown, executed more, has ended, or was amended since we heard of it."""
        held = self.ledger.order((row.symbol, str(row.order_id)))
        if held is None and row.status in ENDED and self.ledger.forgotten.covers(map_order_row(row)):
            return False
        if held is None or Decimal(row.executed_qty) > held.claimed:
            return True
        if held.ended:
            return False
        amended = differs(row.price, held.facts["price"]) or differs(row.orig_qty, held.facts["orig_qty"])
        return row.status in ENDED or (amended and row.update_time > held.last_time)

    def _held_algo(self, row: AlgoRow) -> ConditionalOrder | None:
        return self.conditionals.get(row.algo_id) if self.conditionals else None

    def _algo_is_news(self, row: AlgoRow) -> bool:
        held = self._held_algo(row)
        return held is None or (not held.ended and row.algo_status != held.status)

    def _positions(self, shown: Shown) -> list[str]:
        names = []
        listed = set()
        for row in shown.positions:
            key = (row.symbol, row.position_side)
            listed.add(key)
            held = self.feed.book.positions.get(key)
            amount = held["position_amount"] if held else "0"
            name = " ".join(key)
            said, known = (row.position_amt, row.update_time), (amount, self.feed.time_of(key))
            if self._is_news(name, said, known, shown):
                names.append(name)
        for key, position in self.feed.book.positions.items():
            name = " ".join(key)
            known = (position["position_amount"], self.feed.time_of(key))
            if key not in listed and self._is_news(name, ("0", 0), known, shown):
                names.append(name)
        return names

    def _balance_is_news(self, row: BalanceRow, shown: Shown) -> bool:
        held = self.feed.book.balances.get(row.asset)
        known = (held["wallet_balance"] if held else "0", self.feed.time_of(row.asset))
        return self._is_news(row.asset, (row.balance, row.update_time), known, shown)

    def _is_news(self, name: str, said: _Amount, known: _Amount, shown: Shown) -> bool:
        """Say whether REST is ahead of us, by its time; or, without one, by insisting for longer than it lags."""
        (amount, said_at), (held, told_at), asked_at = said, known, shown.asked_at
        known_at = max(told_at, shown.owed_since)
        if not differs(amount, held):
            return False
        if known_at and said_at > known_at:
            return True
        since, first = self._earlier.get(name, (asked_at, amount))
        if differs(amount, first) or known_at > since:
            since = asked_at
        self._puzzles[name] = (since, amount)
        # what REST calls older than our knowledge has to insist for longer than any of its answers lags
        return asked_at - since >= (self.order_lag_ms if 0 < said_at < known_at else self.account_lag_ms)
