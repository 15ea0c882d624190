"""What the demo prints: one line for each thing that happens, under the exchange's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from user_stream.contracts import MappedAccountUpdate
from user_stream.core.events import Event
from user_stream.core.lifecycle import (
    Connecting,
    Degraded,
    GapOpened,
    GapRepaired,
    ListenKeyKept,
    Live,
    Notice,
    Stopped,
    Synchronizing,
)
from user_stream.core.orders import Order, OrderState

__all__ = ["Screen", "plain"]

_STYLES = {
    OrderState.PLACING: "yellow",
    OrderState.ACTIVE: "cyan",
    OrderState.CANCELLING: "yellow",
    OrderState.FILLED: "green",
    OrderState.CANCELLED: "magenta",
}


_SAID: dict[type, Callable[[Any], tuple[str, str]]] = {
    Connecting: lambda it: (f"connecting (connection {it.epoch})", ""),
    Synchronizing: lambda _: ("connected; frames are kept back, REST is asked for the account's state", ""),
    Live: lambda it: ("live" if it.proven else "live, but nothing proves yet that events come", "green"),
    Degraded: lambda it: (f"degraded: {it.cause}; again in {it.retry_in_s:.1f} s", "red"),
    GapOpened: lambda _: ("gap opened: events may have been missed", "red"),
    GapRepaired: lambda it: (_repaired(it), "green"),
    ListenKeyKept: lambda _: ("listen key kept alive", ""),
    Stopped: lambda _: ("stopped", ""),
}


def _repaired(notice: GapRepaired) -> str:
    if notice.provisional:
        return f"gap repaired over REST: {notice.report} that the stream had not told"
    return "repair confirmed: REST, which may lag, had nothing more to hide"


def plain(amount: Decimal) -> str:
    """Return an amount without needless zeros."""
    return format(amount.normalize(), "f") if amount else "0"


class Screen:
    """A terminal, or whatever stands in for one. `pause` is called after each line, for a reader's sake."""

    def __init__(self, console: Console, now_ms: Callable[[], int], pause: Callable[[], None]) -> None:
        self._console = console
        self._now_ms = now_ms
        self._pause = pause

    def title(self, text: str) -> None:
        """Print the heading of the whole."""
        self._console.print(Text(text, style="bold"), soft_wrap=True)

    def chapter(self, text: str) -> None:
        """Print a chapter's heading."""
        self._console.print()
        self._console.print(Text(text, style="bold underline"), soft_wrap=True)

    def line(self, who: str, text: str, *, style: str = "") -> None:
        """Print one thing that happened: exchange time, who, what."""
        now = datetime.fromtimestamp(self._now_ms() / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
        line = Text.assemble((now, "dim"), "  ", (f"{who:<12}", "bold"), (text.rstrip(), style))
        self._console.print(line, soft_wrap=True, highlight=False)
        self._pause()

    def order(self, before: OrderState, order: Order) -> None:
        """Print one step of an order."""
        step = f"{before} → {order.state}" if before is not order.state else f"{order.state}"
        filled = f"   filled {plain(order.filled_qty)} of {plain(order.quantity)}" if order.filled_qty else ""
        at = f" at {plain(order.avg_price)}" if order.filled_qty else ""
        style = _STYLES.get(order.state, "")
        self.line("order", f"{order.client_order_id:<16}{step:<24}{filled}{at}", style=style)

    def account(self, update: MappedAccountUpdate) -> None:
        """Print what the risk engine was told."""
        told = [f"{b['asset']} wallet {plain(Decimal(b['wallet_balance']))}" for b in update["balances"]]
        told += [f"{p['symbol']} position {plain(Decimal(p['position_amount']))}" for p in update["positions"]]
        self.line("risk", f"{update['reason']:<16}{', '.join(told)}", style="blue")

    def lifecycle(self, item: Event | Notice) -> None:
        """Print what the service says of itself; orders, fills and balances speak for themselves."""
        said = _SAID.get(type(item))
        if said is not None:
            text, style = said(item)
            self.line("service", text, style=style)

    def table(self, rows: list[tuple[str, str, str, str]]) -> None:
        """Print engine against exchange."""
        table = Table(title="engine against exchange", title_style="bold", title_justify="left")
        table.add_column("")
        table.add_column("engine", justify="right")
        table.add_column("exchange, over REST", justify="right")
        table.add_column("")
        for what, engine, exchange, verdict in rows:
            table.add_row(what, engine, exchange, Text(verdict, style="green" if verdict == "equal" else "bold red"))
        self._console.print()
        self._console.print(table)
