"""A trading engine in its smallest form, as the demo needs it: it trades, and remembers what it was told."""

from __future__ import annotations

from collections.abc import Awaitable
from decimal import Decimal

from user_stream.contracts import MappedAccountUpdate, MappedOrderUpdate
from user_stream.core.orders import Order, OrderState
from user_stream.core.positions import PositionBook
from user_stream.demo.screen import Screen, plain
from user_stream.runtime.clock import Clock
from user_stream.runtime.order_manager import OrderManager
from user_stream.settings import Environment

__all__ = ["DemoOrderManager", "DemoRiskEngine"]


class DemoOrderManager(OrderManager):
    """The library's order manager, which also shows its orders' steps and keeps every fill that it was told."""

    def __init__(
        self, api_key: str, api_secret: str, *, environment: Environment, clock: Clock, screen: Screen
    ) -> None:
        super().__init__(
            api_key,
            api_secret,
            environment=environment,
            clock=clock,
            on_change=self._show_step,
            on_fill=self._show_fill,
            on_partial=self._show_partial,
            on_cancel=self._show_cancel,
        )
        self._screen: Screen | None = screen
        self._shown: dict[str, OrderState] = {}
        self.fills: dict[tuple[str, int], tuple[Decimal, Decimal]] = {}
        """(price, quantity) by (symbol, trade id)."""
        self.fills_told_twice = 0

    def mute(self) -> None:
        """Show nothing any more."""
        self._screen = None

    def on_order_update(self, data: MappedOrderUpdate) -> Awaitable[None] | None:
        """Keep the fill, then follow the order."""
        if data["trade_id"]:
            key = (data["symbol"], data["trade_id"])
            self.fills_told_twice += key in self.fills
            self.fills[key] = (Decimal(data["last_filled_price"]), Decimal(data["last_filled_qty"]))
        return super().on_order_update(data)

    def _show_step(self, order: Order) -> None:
        before = self._shown.get(order.client_order_id, OrderState.IDLE)
        self._shown[order.client_order_id] = order.state
        if self._screen is not None:
            self._screen.order(before, order)

    def _show_fill(self, order: Order) -> None:
        self._show(
            "on_fill", f"{order.client_order_id:<16}filled at {plain(order.avg_price)} on average", style="green"
        )

    def _show_partial(self, order: Order) -> None:
        part = f"{plain(order.last_filled_qty)} at {plain(order.last_filled_price)}"
        self._show("on_partial", f"{order.client_order_id:<16}{part}, {plain(order.remaining_qty)} to go", style="cyan")

    def _show_cancel(self, order: Order) -> None:
        self._show("on_cancel", f"{order.client_order_id:<16}{order.state}", style="magenta")

    def _show(self, callback: str, text: str, *, style: str) -> None:
        if self._screen is not None:
            self._screen.line(callback, text, style=style)


class DemoRiskEngine(PositionBook):
    """The library's position book, which also shows what it was told."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen: Screen | None = screen

    def mute(self) -> None:
        """Show nothing any more."""
        self._screen = None

    def on_account_update(self, data: MappedAccountUpdate) -> None:
        """Show the patch and apply it."""
        if self._screen is not None:
            self._screen.account(data)
        super().on_account_update(data)
