"""Positions and balances from several connections and from REST, each said once and in order.

Account updates are absolute patches of what they list, so their order is everything, and only one connection's order
can be trusted: comparing times across connections is wrong both with > and with >=, because two updates may bear the
same one and connections lag. So they are taken from one *primary* connection. The others' are kept; when the primary
ends, the next one's are replayed from the last group of equal transaction time that was applied, without those that
were.

A snapshot is older than the stream, by REST's lag, and never younger. It fills only the keys that no event of the
present epoch has touched, and of these, at first, only those that it knows from a later time than we do; the second
look, when the lag has passed, may correct any untouched key. A position that it does not list is zero only if it is
untouched and a question for its symbol agrees. Keys are (symbol, position side) and the asset.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeAlias

from user_stream.contracts import BalanceChange, MappedAccountUpdate, PositionChange
from user_stream.core.mapping import map_account_snapshot
from user_stream.core.positions import PositionBook, PositionKey
from user_stream.core.rest_rows import BalanceRow, PositionRow

__all__ = ["AccountFeed"]

_Key: TypeAlias = PositionKey | str
_MOST_KEPT = 10_000


class AccountFeed:
    """One account's positions and balances. `epoch` numbers a connection; later ones are greater."""

    def __init__(self) -> None:
        self.book = PositionBook()
        """What the risk engine has been told, or is about to be."""
        self._kept: dict[int, deque[MappedAccountUpdate]] = {}
        self._lossy: set[int] = set()
        self._primary: int | None = None
        self._group: list[MappedAccountUpdate] = []
        self._touched: set[_Key] = set()
        self._times: dict[_Key, int] = {}
        self._epoch_began = 0

    # --- the stream -----------------------------------------------------------------------------------------------

    def join(self, epoch: int) -> None:
        """A connection that tells every update from now on."""
        self._kept[epoch] = deque()
        if self._primary is None:
            self._primary = epoch

    def leave(self, epoch: int) -> list[MappedAccountUpdate]:
        """A connection ended. Return what its successor knew already and nobody was told."""
        self._kept.pop(epoch, None)
        self._lossy.discard(epoch)
        if epoch != self._primary:
            return []
        self._primary = min(self._kept, default=None)
        if self._primary is None:
            return []
        replayed, self._kept[self._primary] = self._kept[self._primary], deque()
        applied = list(self._group)
        return [update for update in replayed if self._is_news(update, applied) and self._apply(update)]

    def is_lossy(self, epoch: int) -> bool:
        """Say whether so many updates were kept for a connection that some were thrown away."""
        return epoch in self._lossy

    def fold(self, epoch: int, update: MappedAccountUpdate) -> list[MappedAccountUpdate]:
        """Take an update from a connection, and return what is to be told."""
        if epoch == self._primary:
            self._apply(update)
            for kept in self._kept.values():
                while kept and kept[0]["transaction_time"] < update["transaction_time"]:
                    kept.popleft()
            return [update]
        kept = self._kept.get(epoch, deque())
        kept.append(update)
        if len(kept) > _MOST_KEPT:
            kept.popleft()
            self._lossy.add(epoch)
        return []

    def _is_news(self, update: MappedAccountUpdate, applied: list[MappedAccountUpdate]) -> bool:
        """Say whether a replayed update was not applied yet; each one applied accounts for one replayed."""
        last = self._group[0]["transaction_time"] if self._group else 0
        if update["transaction_time"] == last and update in applied:
            applied.remove(update)
            return False
        return update["transaction_time"] >= last

    def _apply(self, update: MappedAccountUpdate) -> bool:
        if not self._group or self._group[0]["transaction_time"] != update["transaction_time"]:
            self._group = []
        self._group.append(update)
        self.book.on_account_update(update)
        self.touch(update)
        return True

    # --- snapshots ------------------------------------------------------------------------------------------------

    def begin_epoch(self, now: int) -> None:
        """Events before `now` may have been missed: a snapshot may speak of every key again."""
        self._touched.clear()
        self._epoch_began = now

    def touch(self, update: MappedAccountUpdate) -> None:
        """Note what an update of the stream lists: no snapshot of this epoch speaks over it."""
        for key in _keys_of(update):
            self._touched.add(key)
            self._times[key] = max(self._times.get(key, 0), update["transaction_time"])

    def time_of(self, key: _Key) -> int:
        """Return the transaction time of the last update that listed a key, 0 when there was none."""
        return self._times.get(key, 0)

    def unlisted(self, listed: Iterable[PositionRow]) -> list[PositionKey]:
        """Return the positions that we hold, that no event of this epoch touched, and that are not listed."""
        keys = {(row.symbol, row.position_side) for row in listed}
        return sorted(key for key in self.book.positions if key not in keys and key not in self._touched)

    def fold_snapshot(
        self, balances: list[BalanceRow], positions: list[PositionRow], *, gone: Iterable[PositionKey], as_of: int
    ) -> MappedAccountUpdate | None:
        """Return what a snapshot adds, as a patch to tell; None when it adds nothing.

        `gone`: positions that a question for their symbol did not find either; they are listed as "0". `as_of`: the
        snapshot is at least as young as this, for REST lags by no more.
        """
        settled = as_of >= self._epoch_began
        fresh_balances = [row for row in balances if self._may_speak(row.asset, row.update_time, settled=settled)]
        fresh_positions = [
            row
            for row in positions
            if self._may_speak((row.symbol, row.position_side), row.update_time, settled=settled)
        ]
        patch = map_account_snapshot(fresh_balances, fresh_positions)
        patch["balances"] = [balance for balance in patch["balances"] if self._balance_adds(balance)]
        patch["positions"] = [position for position in patch["positions"] if self._position_adds(position)]
        for key in gone:
            held = self.book.positions.get(key)
            if held is not None and key not in self._touched:
                patch["positions"].append({**held, "position_amount": "0", "entry_price": "0", "unrealized_pnl": "0"})
        if not patch["balances"] and not patch["positions"]:
            return None
        self.book.on_account_update(patch)
        return patch

    def _may_speak(self, key: _Key, update_time: int, *, settled: bool) -> bool:
        if key in self._touched:
            return False
        return settled or not update_time or update_time >= self._times.get(key, 0)

    def _balance_adds(self, balance: BalanceChange) -> bool:
        held = self.book.balances.get(balance["asset"])
        return held is None or any(
            differs(balance[field], held[field]) for field in ("wallet_balance", "cross_wallet_balance")
        )

    def _position_adds(self, position: PositionChange) -> bool:
        held = self.book.positions.get((position["symbol"], position["position_side"]))
        if held is None:
            return bool(Decimal(position["position_amount"]))
        return any(differs(position[field], held[field]) for field in ("position_amount", "entry_price"))


def differs(said: str, held: str) -> bool:
    """Say whether two decimal strings differ as numbers; "" says nothing."""
    return said != "" and Decimal(said) != Decimal(held or 0)


def _keys_of(update: MappedAccountUpdate) -> list[_Key]:
    keys: list[_Key] = [balance["asset"] for balance in update["balances"]]
    return keys + [(position["symbol"], position["position_side"]) for position in update["positions"]]
