"""What a ledger told, written short, and the one order's life that most of its tests begin with."""

from __future__ import annotations

from tests.user_stream.core.order_facts import told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.ledger import Ledger, Told

NEW = told_by_stream("NEW", at=1_000)
FIRST_FILL = told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", at=2_000, commission="0.2")
LAST_FILL = told_by_stream("FILLED", trade=2, last="6", cumulative="10", at=3_000)
CANCELED = told_by_stream("CANCELED", cumulative="4", at=3_000)


def listening() -> Ledger:
    """Return a ledger with one connection: epoch 1."""
    ledger = Ledger()
    ledger.begin_epoch()
    return ledger


def fold(ledger: Ledger, *updates: MappedOrderUpdate, epoch: int = 1) -> list[Told]:
    """Fold what one connection tells."""
    return [item for update in updates for item in ledger.fold(update, epoch)]


def steps(told: list[Told]) -> list[tuple[str, str, str]]:
    """Return status, last and cumulative quantity of what was delivered."""
    return [
        (update["order_status"], update["last_filled_qty"], update["accumulated_filled_qty"])
        for kind, update in told
        if kind == "delivery"
    ]


def trades(told: list[Told]) -> list[tuple[str, int, str]]:
    """Return status, trade and cumulative quantity of what was delivered."""
    return [
        (update["order_status"], update["trade_id"], update["accumulated_filled_qty"])
        for kind, update in told
        if kind == "delivery"
    ]


def details(told: list[Told]) -> list[MappedOrderUpdate]:
    """Return the details that were told of fills delivered before."""
    return [update for kind, update in told if kind == "details"]
