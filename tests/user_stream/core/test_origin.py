"""Row 11: orders that the exchange made itself are told by the prefix of their client order id."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from user_stream.core.decode import decode_event
from user_stream.core.events import OrderTradeUpdate
from user_stream.core.mapping import map_order_update
from user_stream.core.orders import external_order
from user_stream.core.origin import Origin, origin_of

FIXTURES = Path(__file__).parents[3] / "fixtures" / "events"


@pytest.mark.parametrize(
    ("client_order_id", "origin"),
    [
        ("autoclose-1234567890", "liquidation"),
        ("autoclose-insurance-1", "liquidation"),
        ("adl_autoclose", "adl"),
        ("adl_autoclose-1759347763200", "adl"),
        ("settlement_autoclose-1787734851782", "settlement"),
        ("delivery_autoclose-1787734851782", "settlement"),
        ("web_Xk2", "manual"),
        ("ios_Xk2", "manual"),
        ("android_WrDCjqlzTWlU9FGcNp1Q", "manual"),
        ("", "other"),
        ("iCXL1BywlBaf2sesNUrVl3", "other"),
        ("my-autoclose-1", "other"),
        ("autoclose", "other"),
        ("ADL_AUTOCLOSE", "other"),
    ],
)
def test_origin_is_told_by_the_prefix(client_order_id: str, origin: str) -> None:
    assert origin_of(client_order_id) == origin


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("liquidation_new", Origin.LIQUIDATION),
        ("liquidation", Origin.LIQUIDATION),
        ("adl", Origin.ADL),
        ("adl_nautilus_variant", Origin.ADL),
        ("settlement", Origin.SETTLEMENT),
        ("settlement_nautilus_variant", Origin.SETTLEMENT),
        ("filled", Origin.OTHER),
    ],
)
def test_an_external_order_says_who_made_it_whatever_its_execution_type(name: str, origin: Origin) -> None:
    event = decode_event((FIXTURES / f"order_trade_update_{name}.json").read_bytes())
    assert isinstance(event, OrderTradeUpdate)

    order = external_order(map_order_update(event))

    assert (order.external, order.origin) == (True, origin)
    assert json.dumps(order.origin) == f'"{origin}"'
