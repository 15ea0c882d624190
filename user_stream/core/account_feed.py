"""Positions and balances from several connections and from REST, each said once and in order.

Account updates are absolute patches of what they list, so their order is everything, and only one connection's order
can be trusted: comparing times across connections is wrong both with > and with >=, because two updates may bear the
same one and connections lag. So they are taken from one *primary* connection. The others' are kept; when the primary
ends, the next one's are replayed from the last group of equal transaction time that was applied. It may have begun in
the middle of that group, and it may lag and tell all of it only later, so what it tells of the group is laid against
what was applied, where the two overlap most; what goes beyond is news. A connection itself may tell something twice:
what is older than what it has told of a key since says nothing of that key any more.

A snapshot is older than the stream, by REST's lag, and never younger. It fills only the keys that no event of the
present epoch has touched, and of these, at first, only those of which it does not itself say that it is older than what
we know; the second look, when the lag has passed, may correct any untouched key. A position that it does not list is
zero only if it is untouched and a question for its symbol agrees. Keys are (symbol, position side) and the asset.
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
        self._primary: int | None = None
        self._group: list[MappedAccountUpdate] = []
        """What was applied of the latest transaction time."""
        self._before: list[MappedAccountUpdate] = []
        """That group when the primary took over, while it may still repeat it; `_repeated`: what it told of it."""
        self._repeated: list[MappedAccountUpdate] = []
        self._touched: set[_Key] = set()
        self._times: dict[_Key, int] = {}
        self._told: dict[_Key, int] = {}
        """The transaction time of the last update that listed a key."""
        self._seen_until = 0

    # --- the stream -----------------------------------------------------------------------------------------------

    def join(self, epoch: int) -> None:
        """A connection that tells every update from now on."""
        self._kept[epoch] = deque()
        if self._primary is None:
            self._promote(epoch)

    def leave(self, epoch: int) -> list[MappedAccountUpdate]:
        """A connection ended. Return what its successor knew already and nobody was told."""
        self._kept.pop(epoch, None)
        if epoch != self._primary:
            return []
        self._primary = None
        return self._promote(min(self._kept)) if self._kept else []

    def fold(self, epoch: int, update: MappedAccountUpdate) -> list[MappedAccountUpdate]:
        """Take an update from a connection, and return what is to be told."""
        if epoch == self._primary:
            return self._follow(update)
        kept = self._kept.get(epoch)
        if kept is None:
            return []  # nobody follows it any more
        kept.append(update)
        return self._promote(epoch) if len(kept) > _MOST_KEPT else []

    def _promote(self, epoch: int) -> list[MappedAccountUpdate]:
        """Follow this connection from now on. Return what of it is news."""
        self._primary = epoch
        self._before, self._repeated = list(self._group), []
        replayed, self._kept[epoch] = self._kept[epoch], deque()
        return [news for update in replayed for news in self._follow(update)]

    def _follow(self, update: MappedAccountUpdate) -> list[MappedAccountUpdate]:
        """Apply what the primary tells, unless it was applied before, by itself or before it became the primary."""
        if not self._before:
            news = self._not_listed_since(update)
        else:
            last, time = self._before[0]["transaction_time"], update["transaction_time"]
            told = len(_beyond(self._before, self._repeated))
            if time == last:
                self._repeated.append(update)
            if time <= last:
                news = _beyond(self._before, self._repeated)[told:]
            else:
                news = [*_beyond(self._before, self._repeated, whole=True)[told:], update]
                self._before, self._repeated = [], []
        for each in news:
            self._apply(each)
        return news

    def _not_listed_since(self, update: MappedAccountUpdate) -> list[MappedAccountUpdate]:
        """Return what is left of an update without the keys that a later one has listed."""
        time = update["transaction_time"]
        if time >= self._latest_time:
            return [update]
        balances = [each for each in update["balances"] if self._told.get(each["asset"], 0) <= time]
        positions = [
            each for each in update["positions"] if self._told.get((each["symbol"], each["position_side"]), 0) <= time
        ]
        return [{**update, "balances": balances, "positions": positions}] if balances or positions else []

    @property
    def _latest_time(self) -> int:
        return self._group[0]["transaction_time"] if self._group else 0

    def _apply(self, update: MappedAccountUpdate) -> None:
        time = update["transaction_time"]
        if time > self._latest_time:
            self._group = []
        if time >= self._latest_time:
            self._group.append(update)
        self.book.on_account_update(update)
        self.touch(update)
        for key in _keys_of(update):
            self._told[key] = time
        for kept in self._kept.values():
            while kept and kept[0]["transaction_time"] < update["transaction_time"]:
                kept.popleft()

    # --- snapshots ------------------------------------------------------------------------------------------------

    def begin_epoch(self) -> None:
        """Events before this may have been missed: a snapshot may speak of every key again."""
        self._touched.clear()

    def touch(self, update: MappedAccountUpdate) -> None:
        """Note what an update of the stream lists: no snapshot of this epoch speaks over it."""
        for key in _keys_of(update):
            self._touched.add(key)
            self._times[key] = max(self._times.get(key, 0), update["transaction_time"])

    def time_of(self, key: _Key) -> int:
        """Return until when we know a key: what is not listed by anything since a snapshot is as that said.

        What an event of this epoch has touched, no snapshot has said since: if one saw more, that is still to be told.
        """
        told_at = self._times.get(key, 0)
        return told_at if key in self._touched else max(told_at, self._seen_until)

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
        self._seen_until = max(self._seen_until, as_of)
        patch = map_account_snapshot(
            [row for row in balances if self._listens(row.asset, row.update_time, as_of)],
            [row for row in positions if self._listens((row.symbol, row.position_side), row.update_time, as_of)],
        )
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

    def _listens(self, key: _Key, said_at: int, as_of: int) -> bool:
        """Say whether a snapshot may know better than we do what became of a key; and if so, since when."""
        known_at = self._times.get(key, 0)
        if key in self._touched or (as_of < known_at and 0 < said_at < known_at):
            return False
        self._times[key] = max(known_at, said_at)
        return True

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


def _beyond(
    applied: list[MappedAccountUpdate], told: list[MappedAccountUpdate], *, whole: bool = False
) -> list[MappedAccountUpdate]:
    """Return what a connection told beyond what was applied of a group, where the two overlap most.

    `told` may begin and end anywhere in the group; `whole`: it does not end before the group does.
    """
    earliest = max(len(applied) - len(told), 0) if whole else 0
    for start in range(earliest, len(applied)):
        if all(one == other for one, other in zip(applied[start:], told, strict=False)):
            return told[len(applied) - start :]
    return told
