"""Row 8: a fill at every place among the answers of a recovery, in every order of stream and REST.

A recovery asks a dozen questions; each is taken from the exchange at one moment and read by the service at another, and
the stream tells of the same fills before, between and after. Here the exchange acts at each of these moments, and at
each pair of them. Whatever the order, every fill is told once, and engine and exchange end equal.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Literal

import pytest

from simulator import Delay, Duplicate, ExecuteThen, JournalEntry
from tests.scenarios.desk import SYMBOL, Desk, live_desk, open_desk
from tests.scenarios.watching import filled_quantities

pytestmark = pytest.mark.no_cover


Moment = tuple[Literal["request", "response"], int]
"""Before the exchange reads the nth question of a recovery, or after it answered it."""

QUESTIONS = 12
MOMENTS: list[Moment] = [(kind, nth) for nth in range(1, 2 * QUESTIONS + 1) for kind in ("request", "response")]
"""Of the first pass, and of the one that confirms it."""
READS = [
    "/fapi/v1/openOrders", "/fapi/v1/openAlgoOrders", "/fapi/v1/allOrders", "/fapi/v1/userTrades", "/fapi/v1/income",
    "/fapi/v3/positionRisk", "/fapi/v3/balance",
]  # fmt: skip
PARTS = ("0.002", "0.003")


def at(desk: Desk, deeds: Iterable[tuple[Moment, Callable[[], object]]]) -> None:
    """Do each of these at its moment, counted from now on."""
    left = list(deeds)
    seen = {"request": 0, "response": 0}

    def look(entry: JournalEntry) -> None:
        if entry.kind not in seen or not entry.path.startswith("/fapi/") or entry.method != "GET":
            return
        seen[entry.kind] += 1
        due = [deed for moment, deed in left if moment == (entry.kind, seen[entry.kind])]
        left[:] = [(moment, deed) for moment, deed in left if moment != (entry.kind, seen[entry.kind])]
        for deed in due:
            deed()

    desk.sim.subscribe(look)


def fill(desk: Desk, quantity: str) -> Callable[[], object]:
    return lambda: desk.sim.fill("order", quantity)


async def recovers(desk: Desk, deeds: Iterable[tuple[Moment, Callable[[], object]]]) -> None:
    """Lose the connection and recover, while the exchange does these things."""
    epoch = desk.epoch
    desk.sim.cut_connections()
    at(desk, deeds)
    await desk.until_live(after_epoch=epoch)
    await asyncio.sleep(60)  # the confirming pass asks its questions, too


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: f"{moment[0]} {moment[1]}")
async def test_fill_and_end_at_any_moment_of_a_recovery_are_told_once(moment: Moment) -> None:
    """Row 8: an order that is filled in part and cancelled in one moment; what was snapshot before is stale then."""
    async with live_desk() as desk:
        await desk.resting("order")
        await recovers(desk, [(moment, fill(desk, "0.002")), (moment, lambda: desk.sim.cancel("order"))])
        await desk.until_state("order", "cancelled")

        assert filled_quantities(desk, "order") == [Decimal("0.002")]
        assert "rejected" not in desk.orders.states["order"]
        await desk.is_square()


@pytest.mark.parametrize("lag_s", [0.0, 3.0], ids=["prompt events", "late events"])
@pytest.mark.parametrize(
    ("first", "second"),
    list(itertools.combinations_with_replacement([("request", nth) for nth in range(1, QUESTIONS, 2)], 2)),
    ids=lambda moment: str(moment[1]),
)
async def test_two_fills_at_any_two_moments_of_a_recovery_are_told_once_each(
    first: Moment, second: Moment, lag_s: float
) -> None:
    """Row 8: the events come at once, or after REST has told everything."""
    async with live_desk() as desk:
        await desk.resting("order")
        if lag_s:
            desk.sim.on_frame(Delay(lag_s), connection=2, times=None)
        await recovers(desk, [(first, fill(desk, PARTS[0])), (second, fill(desk, PARTS[1]))])

        assert filled_quantities(desk, "order") == [Decimal(part) for part in PARTS]
        await desk.is_square()


@pytest.mark.parametrize("moment", MOMENTS[: 2 * QUESTIONS], ids=lambda moment: f"{moment[0]} {moment[1]}")
async def test_fill_at_any_moment_of_the_first_synchronization_adds_to_the_baseline(moment: Moment) -> None:
    """Rows 8 and 19, rule 7: what was executed before is known and not told, what is executed now is told."""
    async with open_desk() as desk:
        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="order"
        )
        desk.sim.fill("order", "0.004")
        await asyncio.sleep(300)
        at(desk, [(moment, fill(desk, "0.001"))])
        async with desk.service:
            await asyncio.sleep(60)
            desk.sim.fill("order", "0.005")
            await desk.until_state("order", "filled")

        desk.deliveries_are_lawful()
        told = desk.orders.deliveries
        assert Decimal(told[-1]["accumulated_filled_qty"]) == Decimal("0.010")
        baseline = Decimal(told[0]["accumulated_filled_qty"])
        assert told[0]["last_filled_qty"] == "0"
        assert baseline in {Decimal("0.004"), Decimal("0.005")}
        assert baseline + sum(filled_quantities(desk, "order")) == Decimal("0.010")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("act", ["a fill", "the end", "a new order", "a position turned round"])
async def test_snapshot_that_is_answered_late_overwrites_nothing(path: str, act: str) -> None:
    """Row 8: taken at one moment, answered three seconds later; in between the stream tells more."""
    async with live_desk() as desk:
        await desk.resting("order")
        desk.sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.020")
        acts: dict[str, Callable[[], object]] = {
            "a fill": fill(desk, "0.002"),
            "the end": fill(desk, "0.010"),
            "a new order": lambda: desk.sim.place_external(
                symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="59000"
            ),
            "a position turned round": lambda: desk.sim.place_external(
                symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.050"
            ),
        }
        await asyncio.sleep(1)
        rule = desk.sim.on_request("GET", path, ExecuteThen(Delay(3)))
        epoch = desk.epoch
        desk.sim.cut_connections()
        await desk.until(lambda: rule.hits)
        await asyncio.sleep(1)
        acts[act]()
        await desk.until_live(after_epoch=epoch)
        await asyncio.sleep(60)

        await desk.is_square()


@pytest.mark.parametrize("replicas", ["one", "alternating"])
@pytest.mark.parametrize("moment", [("request", nth) for nth in (1, 4, 8, 12)], ids=lambda moment: str(moment[1]))
async def test_fill_during_a_recovery_from_lagging_answers_is_told_once(
    moment: Moment, replicas: Literal["one", "alternating"]
) -> None:
    """Rows 6 and 8: REST still lists the order as open when the stream has told its end."""
    async with live_desk() as desk:
        await desk.resting("order")
        desk.sim.rest_lag(orders_s=20, account_s=4, replicas=replicas)
        await asyncio.sleep(30)
        await recovers(desk, [(moment, fill(desk, "0.010"))])
        await desk.until_state("order", "filled")
        await asyncio.sleep(120)
        desk.sim.rest_lag()

        assert filled_quantities(desk, "order") == [Decimal("0.010")]
        await desk.is_square()


@pytest.mark.parametrize("after_s", [0.0, 0.001, 2.0, 50.0])
async def test_every_frame_told_twice_changes_nothing(after_s: float) -> None:
    """Row 8: at once, out of order with its neighbours, and after the repair was confirmed."""
    async with live_desk() as desk:
        await desk.resting("order")
        desk.sim.on_frame(Duplicate(after_s), times=None)
        await recovers(desk, [(("request", 3), fill(desk, PARTS[0]))])
        desk.sim.fill("order", PARTS[1])
        desk.sim.transfer("USDT", "5")
        desk.sim.cancel("order")
        await desk.until_state("order", "cancelled")
        await asyncio.sleep(120)

        assert filled_quantities(desk, "order") == [Decimal(part) for part in PARTS]
        await desk.is_square()


async def test_recovery_asks_as_many_questions_as_are_tried_here() -> None:
    """Lest the moments above are all within the first answers."""
    async with live_desk() as desk:
        await desk.resting("order")
        epoch = desk.epoch
        before = len(desk.sim.journal.entries(kind="request", method="GET"))
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=epoch)

        asked = [entry.path for entry in desk.sim.journal.entries(kind="request", method="GET")[before:]]
        assert set(READS) <= set(asked)
        assert len(asked) <= QUESTIONS
