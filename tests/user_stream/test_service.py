"""What the service asks of an engine, before it does anything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.test_fatal import Engine
from user_stream import Environment, UserStreamService
from user_stream.core.lifecycle import Stopped


def service(order_manager: Any, risk_engine: Any = None) -> UserStreamService:
    return UserStreamService("key", "secret", order_manager, risk_engine, environment=Environment.SIMULATOR)


@pytest.mark.parametrize("order_manager", [None, object()])
def test_an_order_manager_that_cannot_be_told_of_orders_is_refused_by_its_type(order_manager: object) -> None:
    with pytest.raises(TypeError, match=rf"a {type(order_manager).__name__}, has no on_order_update\(data\)"):
        service(order_manager)


def test_a_risk_engine_that_cannot_be_told_of_the_account_is_refused_by_its_type() -> None:
    with pytest.raises(TypeError, match=r"the risk engine, a Engine, has no on_account_update\(data\)"):
        service(Engine(), Engine())


async def test_a_service_that_was_never_started_is_stopped_at_once() -> None:
    made = service(Engine())

    await made.stop()

    assert made.state == Stopped("not started")
