"""What a recovery brought to light, and which answer it came from.

Everything that a recovery tells the engine it learned somewhere: an order from the list of open orders, from the sweep
of all orders, or by asking for it; a fill from the list of trades; a position and a balance from theirs. What the
stream told while frames were kept back came by the stream. A report names it all, so that whoever reads it can say what
was missed and why it is believed.

Two passes look into one gap, and the second may find what the first could not see yet. What both found is one report:
of an order, position or balance that both name, the later word stands; a fill is one delivery, and counts once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from user_stream.contracts import MappedAccountUpdate, MappedOrderUpdate
from user_stream.core.ledger import Told
from user_stream.core.order_record import OrderKey
from user_stream.core.orders import CONDITIONAL_TYPES

__all__ = [
    "Origin",
    "RecoveredBalance",
    "RecoveredFill",
    "RecoveredOrder",
    "RecoveredPosition",
    "RepairReport",
    "merge",
    "repair_report",
]

Origin: TypeAlias = Literal[
    "openOrders", "allOrders", "order", "absence", "openAlgoOrders", "algoOrder",
    "userTrades", "positionRisk", "balance", "stream",
]  # fmt: skip
"""The REST answer that told it; "stream" for a kept-back frame, "absence" for an end that only rule 17 infers."""


@dataclass(frozen=True, slots=True)
class RecoveredOrder:
    """An order that moved: where it stands now, since `time` (exchange ms). A conditional one without a child bears its
    algo id.
    """

    order: OrderKey
    client_order_id: str
    status: str
    origin: Origin
    time: int = 0


@dataclass(frozen=True, slots=True)
class RecoveredFill:
    """A fill that the engine had not been told. `quantity` is in the base asset, `price` in the quote asset, `time` in
    exchange ms.
    """

    order: OrderKey
    trade_id: int
    quantity: str
    price: str
    delivery_id: int
    origin: Origin
    time: int = 0


@dataclass(frozen=True, slots=True)
class RecoveredPosition:
    """A position that had changed: its amount now, in the base asset."""

    symbol: str
    position_side: str
    amount: str
    origin: Origin = "positionRisk"


@dataclass(frozen=True, slots=True)
class RecoveredBalance:
    """A balance that had changed: the wallet now, in units of `asset`."""

    asset: str
    wallet_balance: str
    origin: Origin = "balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """What a recovery found that the engine had not been told."""

    orders: tuple[RecoveredOrder, ...] = ()
    fills: tuple[RecoveredFill, ...] = ()
    positions: tuple[RecoveredPosition, ...] = ()
    balances: tuple[RecoveredBalance, ...] = ()

    def __bool__(self) -> bool:
        """Say whether anything was missed."""
        return bool(self.orders or self.fills or self.positions or self.balances)

    def __str__(self) -> str:
        """Return how many of each, such as "1 order, 2 fills"; "nothing" when nothing was missed."""
        counts = [
            (len(self.orders), "order"),
            (len(self.fills), "fill"),
            (len(self.positions), "position"),
            (len(self.balances), "balance"),
        ]
        return ", ".join(f"{count} {noun}{'s' if count > 1 else ''}" for count, noun in counts if count) or "nothing"

    def before(self, time: int) -> RepairReport:
        """Return what of it happened before a moment (exchange ms): the rest is the stream's to tell."""
        return RepairReport(
            orders=tuple(order for order in self.orders if order.time < time),
            fills=tuple(fill for fill in self.fills if fill.time < time),
            positions=self.positions,
            balances=self.balances,
        )

    def by_origin(self) -> Counter[Origin]:
        """Return how many things each answer told."""
        return (
            Counter(item.origin for item in self.orders)
            + Counter(item.origin for item in self.fills)
            + Counter(item.origin for item in self.positions)
            + Counter(item.origin for item in self.balances)
        )


Item = TypeVar("Item")


def merge(first: RepairReport, second: RepairReport) -> RepairReport:
    """Return what two passes over one gap found together, `second` being the later one."""
    return RepairReport(
        orders=_latest({item.order: item for item in (*first.orders, *second.orders)}),
        fills=_latest({(item.order, item.trade_id, item.delivery_id): item for item in (*first.fills, *second.fills)}),
        positions=_latest({(it.symbol, it.position_side): it for it in (*first.positions, *second.positions)}),
        balances=_latest({item.asset: item for item in (*first.balances, *second.balances)}),
    )


def _latest(items: Mapping[object, Item]) -> tuple[Item, ...]:
    return tuple(items.values())


def repair_report(
    told: Iterable[Told], patch: MappedAccountUpdate | None, origins: Mapping[OrderKey, Origin] | None = None
) -> RepairReport:
    """Report what was told to the order manager and to the risk engine.

    `origins`: the answer that named each order (`OrderSnapshot.origins`); one that is not in it was asked for by id.
    """
    deliveries = [item.update for item in told if item.kind == "delivery"]
    return RepairReport(
        orders=_latest({_key(update): _order(update, origins or {}) for update in deliveries}),
        fills=tuple(_fill(update) for update in deliveries if update["last_filled_qty"] != "0"),
        positions=tuple(
            RecoveredPosition(p["symbol"], p["position_side"], p["position_amount"])
            for p in (patch["positions"] if patch else ())
        ),
        balances=tuple(
            RecoveredBalance(balance["asset"], balance["wallet_balance"])
            for balance in (patch["balances"] if patch else ())
        ),
    )


def _key(update: MappedOrderUpdate) -> OrderKey:
    """Return the identity of the order that an update is about; a conditional order's algo id until it has another."""
    return (update["symbol"], update["order_id"] or str(update.get("algo_id", "")))


def _order(update: MappedOrderUpdate, origins: Mapping[OrderKey, Origin]) -> RecoveredOrder:
    origin = _origin(update, origins)
    return RecoveredOrder(
        _key(update), update["client_order_id"], update["order_status"], origin, update["order_trade_time"]
    )


def _origin(update: MappedOrderUpdate, origins: Mapping[OrderKey, Origin]) -> Origin:
    if update["source"] != "rest":
        return "stream"
    if update["order_type"] in CONDITIONAL_TYPES and "algo_id" in update:
        return "openAlgoOrders" if update.get("algo_status") == "NEW" else "algoOrder"
    return origins.get(_key(update), "order")


def _fill(update: MappedOrderUpdate) -> RecoveredFill:
    return RecoveredFill(
        _key(update),
        update["trade_id"],
        update["last_filled_qty"],
        update["last_filled_price"],
        update["delivery_id"],
        "userTrades" if update["source"] == "rest" else "stream",
        update["order_trade_time"],
    )
