"""The exchange's truth, as plain data without secrets."""

from __future__ import annotations

import json

from simulator.core.domain import BUY
from simulator.core.rest.retention import DAY_MS
from simulator.core.state import venue_state
from tests.simulator.core.small_markets import NOW, a_venue, limit, market


def test_the_truth_is_plain_data_and_never_forgets() -> None:
    venue = a_venue()
    account = venue.exchange.accounts["default"]
    order, _ = venue.exchange.place(account, limit(BUY, "0.010", "60000", client_order_id="a"), NOW)
    venue.exchange.cancel(order, NOW)
    venue.exchange.place(account, market(BUY, "0.010", client_order_id="b"), NOW)

    state = json.loads(json.dumps(venue_state(venue, NOW + 365 * DAY_MS)))

    truth = state["accounts"]["default"]
    assert [(row["clientOrderId"], row["status"]) for row in truth["orders"]] == [("a", "CANCELED"), ("b", "FILLED")]
    assert [row["qty"] for row in truth["trades"]] == ["0.010"]
    assert [(row["symbol"], row["positionAmt"]) for row in truth["positions"]] == [("BTCUSDT", "0.010")]
    assert truth["balances"] == {"USDT": "9999.74000000"}
    assert state["prices"] == {"BTCUSDT": "65000.00", "ETHUSDT": "3500.00"}


def test_listen_keys_are_masked() -> None:
    venue = a_venue()
    key = venue.listen_keys.issue("default", NOW)

    assert venue_state(venue, NOW)["accounts"]["default"]["listen_key"] == f"{key[:4]}…"
