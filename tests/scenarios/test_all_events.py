"""Everything that the documentation or a capture knows of, sent to a living service: heard typed, and no harm done."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.scenarios.desk import live_desk
from tests.user_stream.core.documented_events import EVENTS, decode, sample
from user_stream.core.events import Event, OrderTradeUpdate
from user_stream.core.lifecycle import CallbackFailed, FrameRefused, GapOpened
from user_stream.core.origin import Origin

ANY_EVENT: Any = Event.__args__
HARMLESS = {name: frame for name, frame in EVENTS.items() if frame["e"] != "listenKeyExpired"}


async def test_every_documented_event_is_heard_typed_and_none_is_refused() -> None:
    """Row 10."""
    async with live_desk() as desk:
        for frame in HARMLESS.values():
            desk.sim.push(frame)
        await desk.until(lambda: len(desk.notices(ANY_EVENT)) >= len(HARMLESS))

        heard = Counter(type(event) for event in desk.notices(ANY_EVENT))
        assert heard == Counter(type(decode(frame)) for frame in HARMLESS.values())
        assert desk.notices(FrameRefused) == []
        assert desk.notices(CallbackFailed) == []


@pytest.mark.parametrize(
    ("name", "origin"),
    [("liquidation", Origin.LIQUIDATION), ("adl", Origin.ADL), ("settlement", Origin.SETTLEMENT)],
)
@pytest.mark.parametrize("status", ["FILLED", "NEW_ADL", "SOMETHING_OF_2031"])
async def test_a_forced_order_is_booked_at_once_and_says_who_forced_it(name: str, origin: Origin, status: str) -> None:
    """Rows 10 and 11, rule 3."""
    frame = sample(f"order_trade_update_{name}")
    frame["o"]["X"] = status
    client_order_id = frame["o"]["c"]
    async with live_desk() as desk:
        desk.sim.push(frame)
        await desk.until_state(client_order_id, "filled")

        order = desk.orders.get_order(client_order_id)
        assert order is not None
        assert (order.external, order.origin) == (True, origin)
        assert format(order.filled_qty, "f") == frame["o"]["z"]
        assert [event.order.order_status for event in desk.notices(OrderTradeUpdate)] == [status]
        assert desk.notices(GapOpened) == []
        desk.deliveries_are_lawful()
