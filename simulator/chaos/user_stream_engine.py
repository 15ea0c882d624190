"""This project's own client in the laboratory: `UserStreamService`, `OrderManager` and `PositionBook`, with a journal.

The only module of the simulator that knows the client: everything else here treats it as anybody's engine.

`Exchange.settings` are `user_stream.Settings` by their names (`connections`, `comparison_interval_s`, ...), and
`journal`: "on" or "off". What it draws, it draws from seed and life.

It promises something while it is live and proven and no repair is provisional: to be no later than the longest way in
which a fault that TCP and a correct exchange allow is noticed (`docs/reliability.md`, "The bounds"), one request, what
waits for a missing fill, and a second. That REST itself lags is not in it: nobody can know how much.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields as fields_of
from decimal import Decimal
from enum import Enum
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

from simulator.chaos.engine import Exchange, FillSeen, Liveness, OrderSeen, PositionSeen
from simulator.core.scenario.engine_action import EngineAmend, EnginePlace, EnginePlaceAlgo
from user_stream import Environment, MappedOrderUpdate, OrderManager, PositionBook, Settings, UserStreamService
from user_stream.contracts import MappedAccountUpdate, OrderIntent
from user_stream.core.events import Event
from user_stream.core.lifecycle import GapOpened, GapRepaired, Live, Notice, ShortfallDeclared, Synchronizing
from user_stream.core.order_record import OrderKey, status_rank
from user_stream.core.orders import Order

__all__ = ["UserStreamEngine", "WatchedBook", "settings_of"]

_STATUS_OF: Final = {
    "active": ("NEW", "PARTIALLY_FILLED"),
    "cancelling": ("NEW", "PARTIALLY_FILLED"),
    "filled": ("FILLED",),
    "cancelled": ("CANCELED",),
    "expired": ("EXPIRED", "EXPIRED_IN_MATCH"),
    "rejected": ("REJECTED",),
}
_SECOND_S: Final = 1.0
_NEVER_MS: Final = 1 << 62
_BASELINE_MS: Final = 30_000
"""What is older than this when the client first looks around is of its baseline, however late its events are."""


class UnknownToEngineError(Exception):
    """The engine does not know the order that it was told to do something with."""


def settings_of(exchange: Exchange) -> Settings:
    """Return what the scenario says of the service. Raises `ValueError` for a name or a value that it has not."""
    given = dict(exchange.settings)
    journal = given.pop("journal", "on")
    if journal not in {"on", "off"}:
        message = f"laboratory.engine.journal must be on or off, not {journal!r}"
        raise ValueError(message)
    path = journal_of(exchange.directory) if journal == "on" else None
    return Settings(journal=path, **{name: _value_of(name, text) for name, text in given.items()})


def journal_of(directory: Path) -> Path:
    """Return where the journal is."""
    return directory / "journal.db"


def _value_of(name: str, text: str) -> Any:
    defaults = {field.name: field.default for field in fields_of(Settings)}
    default = defaults.get(name)
    match default:
        case bool():
            return text == "true"
        case int() | float():
            return type(default)(text)
        case Enum():
            return type(default)[text]
        case _:
            message = f"laboratory.engine: the engine has no setting {name!r} that a text can say"
            raise ValueError(message)


_NAME_IS_TAKEN: Final = -4116
_Terms: TypeAlias = tuple[str, str, str, Decimal]
"""Client order id, side, position side and quantity."""


def _terms_of(data: MappedOrderUpdate) -> _Terms:
    return data["client_order_id"], data["side"], data["position_side"], Decimal(data["orig_qty"])


class WatchedOrderManager(OrderManager):
    """The client's order manager, which also keeps what it was told, and whether it should have been."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fills: list[FillSeen] = []
        self.told: dict[OrderKey, OrderSeen] = {}
        self.breaches: list[str] = []
        self.oldest_fill_ms = _NEVER_MS
        self.on_reject = self._note_refusal
        self._refused_ms: dict[_Terms, int] = {}
        self._last_delivery = 0

    def on_order_update(self, data: MappedOrderUpdate) -> Any:
        self._number(data)
        if data["order_trade_time"] < self._refused_ms.get(_terms_of(data), 0):
            self._breach(data, "it was called refused after this")
        if data["last_filled_qty"] != "0":
            fill = _fill_of(data)
            self.fills.append(fill)
            self.oldest_fill_ms = min(self.oldest_fill_ms, data["order_trade_time"])
        elif data["trade_id"]:
            self._breach(data, "a trade id without a fill")
        if data["order_id"]:
            self._advance(data)
        return super().on_order_update(data)

    def resume_orders(
        self,
        intents: Sequence[OrderIntent],
        deliveries: Sequence[MappedOrderUpdate],
        ours: Collection[OrderKey] = (),
    ) -> None:
        for data in filter(lambda data: data["order_id"], deliveries):
            self.told[data["symbol"], data["order_id"]] = _order_of(data)
        super().resume_orders(intents, deliveries, ours)

    def _note_refusal(self, order: Order) -> None:
        """Whoever bears its name and its terms from now on is another one; with other terms he always was, and where
        the name was taken, too.
        """
        if not order.order_id and order.reject_code != _NAME_IS_TAKEN:
            terms = (order.client_order_id, order.side, order.position_side, order.quantity)
            self._refused_ms[terms] = self._rest.exchange_time_ms()

    def _number(self, data: MappedOrderUpdate) -> None:
        last, self._last_delivery = self._last_delivery, data["delivery_id"]
        if last and data["delivery_id"] != last + 1:
            self._breach(data, f"it follows number {last}")

    def _advance(self, data: MappedOrderUpdate) -> None:
        key, told = (data["symbol"], data["order_id"]), _order_of(data)
        before = self.told.get(key)
        if before is not None and not data["redelivered"]:
            if status_rank(told.status) < status_rank(before.status) or (
                status_rank(told.status) == 3 and before.status not in {told.status, "NEW", "PARTIALLY_FILLED", ""}
            ):
                self._breach(data, f"it was {before.status} before")
            if told.executed_quantity < before.executed_quantity:
                self._breach(data, f"{before.executed_quantity} were executed before")
        self.told[key] = told

    def _breach(self, data: MappedOrderUpdate, what: str) -> None:
        self.breaches.append(
            f"order {data['symbol']} {data['order_id']} ({data['client_order_id']}): delivery {data['delivery_id']}, "
            f"{data['order_status']} {data['accumulated_filled_qty']}, fill {data['last_filled_qty']} of trade "
            f"{data['trade_id']}: {what}"
        )


class WatchedBook(PositionBook):
    """The client's position book, which also keeps whether anything spoke over what was told later of a position.

    REST may show the past: what has not moved since an event listed a position says nothing of it any more, until REST
    is read anew.
    """

    def __init__(self) -> None:
        super().__init__()
        self.breaches: list[str] = []
        self._listed: dict[tuple[str, str], int] = {}
        """When what was told of each position happened: transaction time, ms."""

    def begin_anew(self) -> None:
        """There was a gap, or REST is read anew: a snapshot may know better of every position."""
        self._listed.clear()

    def on_account_update(self, data: MappedAccountUpdate) -> None:
        """Apply one patch."""
        time, is_snapshot = data["transaction_time"], data["reason"] == "SNAPSHOT"
        for position in data["positions"]:
            key = (position["symbol"], position["position_side"])
            name, held, told = " ".join(key), self.position_amount(*key), Decimal(position["position_amount"])
            listed = self._listed.get(key, -1)
            if is_snapshot and time <= listed and told != held:
                self.breaches.append(f"position {name}: a snapshot said {told} when the stream had said {held}")
            elif not is_snapshot and time < listed:
                self.breaches.append(f"position {name}: {told} of {time} was told after {held} of {listed}")
            if not is_snapshot:
                self._listed[key] = max(time, listed)
        super().on_account_update(data)


class UserStreamEngine:
    """One life of the client."""

    def __init__(self, exchange: Exchange) -> None:
        keys = (exchange.api_key, exchange.api_secret)
        environment = Environment.simulator(exchange.rest_url, exchange.ws_url)
        self._settings = settings = settings_of(exchange)
        self._orders = WatchedOrderManager(*keys, environment=environment, settings=settings)
        self._book = WatchedBook()
        draw = Random(f"{exchange.seed} {exchange.life}").random  # noqa: S311  a run must be the same each time
        self._service = UserStreamService(
            *keys, self._orders, self._book, environment=environment, settings=settings, draw=draw
        )
        self._service.add_listener(self._hear)
        self._running: asyncio.Task[None] | None = None
        self._is_provisional = False
        self._short: set[OrderKey] = set()

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Return when the first synchronization is done."""
        self._running = asyncio.create_task(self._service.start(), name="user-stream")
        await self._service.wait_until_ready()

    async def stop(self) -> None:
        """Stop, and close everything."""
        await self._service.stop()
        if self._running is not None:
            await asyncio.wait([self._running])
        await self._orders.close()
        if self._running is not None and not self._running.cancelled():
            self._running.result()

    def abandon(self) -> None:
        """Let go of the journal as a kill does."""
        memory = self._service._memory  # noqa: SLF001  a kill asks nobody
        journal, memory._journal = memory._journal, None  # noqa: SLF001  as above
        if journal is not None:
            journal.abandon()

    def _hear(self, item: Event | Notice) -> None:
        match item:
            case GapOpened():
                self._is_provisional = True
                self._book.begin_anew()
            case Synchronizing():
                self._book.begin_anew()
            case GapRepaired(provisional=provisional):
                self._is_provisional = provisional
                if provisional:
                    self._book.begin_anew()
            case ShortfallDeclared(order=order):
                self._short.add(order)
            case _:
                pass

    # --- what it does ---------------------------------------------------------------------------------------------

    async def place(self, order: EnginePlace) -> None:
        """Place an order."""
        terms: dict[str, Any] = {
            "position_side": order.position_side,
            "reduce_only": order.reduce_only == "true",
            "client_order_id": order.client_order_id,
        }
        if order.type == "MARKET":
            await self._orders.place_market_order(order.symbol, order.side, order.quantity, **terms)
        else:
            await self._orders.place_limit_order(
                order.symbol, order.side, order.quantity, order.price or "0",
                time_in_force=order.time_in_force or "GTC", **terms,
            )  # fmt: skip

    async def cancel(self, symbol: str, client_order_id: str) -> None:  # noqa: ARG002  it knows where its order is
        """Cancel an order."""
        await self._orders.cancel_order(self._known(client_order_id))

    async def cancel_all(self, symbol: str) -> None:
        """Empty both books of a symbol."""
        await self._orders.cancel_all_orders(symbol)

    async def amend(self, change: EngineAmend) -> None:
        """Amend an order."""
        await self._orders.amend_order(self._known(change.order), quantity=change.quantity, price=change.price)

    async def place_algo(self, order: EnginePlaceAlgo) -> None:
        """Place a conditional order."""
        is_trailing = order.type == "TRAILING_STOP_MARKET"
        await self._orders.place_conditional_order(
            order.symbol,
            order.side,
            order.type,
            quantity=order.quantity,
            close_position=order.close_position == "true",
            trigger_price=None if is_trailing else order.trigger_price,
            activate_price=order.trigger_price if is_trailing else None,
            price=order.price,
            callback_rate=order.callback_rate,
            reduce_only=order.reduce_only == "true",
            position_side=order.position_side,
            client_order_id=order.client_order_id,
        )

    async def cancel_algo(self, symbol: str, client_order_id: str) -> None:
        """Cancel a conditional order."""
        await self.cancel(symbol, client_order_id)

    def _known(self, client_order_id: str) -> str:
        if self._orders.get_order(client_order_id) is None:
            message = f"no order of this life is called {client_order_id}"
            raise UnknownToEngineError(message)
        return client_order_id

    # --- what it believes -----------------------------------------------------------------------------------------

    def orders(self) -> Iterable[OrderSeen]:
        """Return every order that is one: of conditional ones those that sent one."""
        return [self._seen(order) for order in self._orders.orders if not order.conditional or order.order_id]

    def _seen(self, order: Order) -> OrderSeen:
        told = self._orders.told.get((order.symbol, order.order_id))
        status = str(order.state)
        if told is not None and told.status in _STATUS_OF.get(status, ()):
            status = told.status
        elif status == "rejected":
            status = "REJECTED"
        elif status in {"placing", "lost"}:
            status = ""
        return OrderSeen(
            order.symbol, order.order_id, order.client_order_id, status, order.filled_qty, order.avg_price,
            order.quantity, order.price,
        )  # fmt: skip

    def order(self, symbol: str, order_id: str) -> OrderSeen | None:
        """Return an order as it was told last."""
        return self._orders.told.get((symbol, order_id))

    def fills(self) -> Iterable[FillSeen]:
        """Return every fill of this life."""
        return self._orders.fills

    def positions(self) -> Iterable[PositionSeen]:
        """Return what the position book holds."""
        return [
            PositionSeen(symbol, side, Decimal(held["position_amount"]), Decimal(held["entry_price"] or "0"))
            for (symbol, side), held in self._book.positions.items()
        ]

    def balances(self) -> Mapping[str, Decimal]:
        """Return the wallets."""
        return {asset: Decimal(held["wallet_balance"]) for asset, held in self._book.balances.items()}

    def waiting_algo_orders(self) -> Iterable[str]:
        """Return the conditional orders that wait; not one of which nobody knows yet whether it was ever placed."""
        waiting = (order for order in self._orders.get_active_orders() if order.untriggered)
        return [order.client_order_id for order in waiting if str(order.state) != "placing"]

    def liveness(self) -> Liveness | None:
        """Return the bound while everything that was shown was told."""
        state = self._service.state
        if self._is_provisional or not isinstance(state, Live) or not state.proven:
            return None
        settings = self._settings
        noticed_s = max(
            settings.ping_interval_s + settings.ping_timeout_s,
            settings.comparison_interval_s + settings.comparison_grace_s + settings.request_timeout_s,
        )
        return Liveness(noticed_s + settings.hole_wait_s + settings.child_wait_s + _SECOND_S)

    def redelivered_at_most(self) -> int | None:
        """Return how many deliveries one group is."""
        return None if self._settings.journal is None else self._settings.journal_group

    def breaches(self) -> Iterable[str]:
        """Return the deliveries that break a rule."""
        breaches = [*self._orders.breaches, *self._book.breaches]
        floor_ms, oldest_ms = self._service._coverage.floor, self._orders.oldest_fill_ms  # noqa: SLF001  as above
        if oldest_ms < floor_ms - _BASELINE_MS:
            breaches.append(f"a fill was told of {(floor_ms - oldest_ms) / 1000:.0f} s before anything was known")
        return breaches

    def gaps_declared(self) -> Iterable[OrderKey]:
        """Return the orders whose fills could not be supplied in time."""
        return self._short


def _fill_of(data: MappedOrderUpdate) -> FillSeen:
    return FillSeen(
        data["symbol"], data["order_id"], data["trade_id"], Decimal(data["last_filled_qty"]),
        Decimal(data["last_filled_price"]), data["redelivered"],
    )  # fmt: skip


def _order_of(data: MappedOrderUpdate) -> OrderSeen:
    return OrderSeen(
        data["symbol"], data["order_id"], data["client_order_id"], data["order_status"],
        Decimal(data["accumulated_filled_qty"]), Decimal(data["avg_price"]),
    )  # fmt: skip
