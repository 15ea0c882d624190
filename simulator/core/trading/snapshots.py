"""Which states of the book somebody has seen in a snapshot, so that streams of changes take back what is gone again.

Several changes of the book become one event. Whoever took a snapshot between them has seen levels that were neither
there before nor after: the event must name them, or they stay in that client's book for ever.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from simulator.core.trading.depth import Level

__all__ = ["Snapshots"]

MOST_REMEMBERED: Final = 256
"""Of a symbol, and of either side. The slowest stream of changes speaks twice a second: the limits allow no more."""


class Snapshots:
    """The sides of books that were shown lately."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, str], deque[tuple[int, list[Level]]]] = defaultdict(
            lambda: deque(maxlen=MOST_REMEMBERED)
        )

    def note(self, symbol: str, side: str, update_id: int, levels: list[Level]) -> None:
        """Remember what was shown of a side under this id; ids never fall."""
        shown = self._shown[symbol, side]
        if not shown or shown[-1][0] != update_id or len(shown[-1][1]) < len(levels):
            shown.append((update_id, levels))

    def after(self, symbol: str, side: str, update_id: int) -> Iterator[dict[Decimal, Decimal]]:
        """Yield what was shown under later ids: quantities by price."""
        for shown_id, levels in self._shown.get((symbol, side), ()):
            if shown_id > update_id:
                yield {level.price: level.quantity for level in levels}
