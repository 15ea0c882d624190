"""What an order has to be before the exchange looks at the account, and in which order that is checked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from simulator import SymbolSpec, VenueError
from simulator.core.rest import venue_error
from simulator.core.rest.venue_error import refusal
from simulator.core.trading.orders import OrderIntent
from simulator.core.trading.validation import Circumstances, known_symbol, read_order
from tests.simulator.core.small_markets import BTC, NOW

GOOD = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.010",
    "price": "60000.10",
}


def read(params: dict[str, str], *, hedge: bool = False, spec: SymbolSpec = BTC) -> OrderIntent:
    circumstances = Circumstances(
        spec=known_symbol(params, {"BTCUSDT": spec}),
        mark=spec.price,
        dual_side_position=hedge,
        self_trade_prevention="EXPIRE_MAKER",
        matched_price=best_prices,
        now_ms=NOW,
    )
    return read_order({name: value for name, value in params.items() if value != "absent"}, circumstances)


def best_prices(side: str, mode: str) -> Decimal:
    if mode == "QUEUE_20":
        raise refusal(venue_error.NO_DEPTH)
    return Decimal("64999.90") if (side == "BUY") == mode.startswith("QUEUE") else Decimal("65000.10")


def test_a_good_order_is_read() -> None:
    intent = read(GOOD | {"newClientOrderId": "a-b_c:d/e.1", "reduceOnly": "true"})

    assert (str(intent.quantity), str(intent.price)) == ("0.010", "60000.10")
    assert (intent.client_order_id, intent.reduce_only, intent.position_side) == ("a-b_c:d/e.1", True, "BOTH")
    assert intent.self_trade_prevention == "EXPIRE_MAKER"


def test_a_market_order_needs_only_a_quantity() -> None:
    intent = read(GOOD | {"type": "MARKET", "timeInForce": "absent", "price": "absent"})

    assert (intent.type, intent.time_in_force) == ("MARKET", "GTC")
    assert intent.price == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"symbol": ""}, -1102),
        ({"symbol": "NOPE"}, -1121),
        ({"side": "absent"}, -1102),
        ({"side": "HOLD"}, -1117),
        ({"type": "absent"}, -1102),
        ({"selfTradePreventionMode": "EXPIRE_MOST"}, -5039),
        ({"priceMatch": "OPPONENT_20"}, -5037),
        ({"priceMatch": "QUEUE", "type": "MARKET", "timeInForce": "absent", "price": "absent"}, -5038),
        ({"priceMatch": "QUEUE"}, -1106),
        ({"priceMatch": "QUEUE_20", "price": "absent"}, -5041),
        ({"positionSide": ""}, -1105),
        ({"newClientOrderId": "", "side": "HOLD"}, -1105),
        ({"type": "STOP_MARKET"}, -4120),
        ({"type": "TRAILING_STOP_MARKET"}, -4120),
        ({"type": "ICEBERG"}, -1116),
        ({"timeInForce": "absent"}, -1102),
        ({"timeInForce": "DAY"}, -1115),
        ({"price": "absent"}, -1102),
        ({"quantity": "absent"}, -1102),
        ({"quantity": "ten"}, -1100),
        ({"type": "MARKET"}, -1106),
        ({"newClientOrderId": "x" * 37}, -4015),
        ({"newClientOrderId": "no spaces"}, -4015),
        ({"newOrderRespType": "FULL"}, -1136),
        ({"positionSide": "UP"}, -4060),
        ({"positionSide": "LONG"}, -4061),
        ({"quantity": "0"}, -4003),
        ({"quantity": "0.0101"}, -1111),
        ({"quantity": "1001"}, -4005),
        ({"price": "0"}, -4001),
        ({"price": "60000.123"}, -1111),
        ({"price": "60000.15"}, -4014),
        ({"price": "69999999"}, -4002),
        ({"price": "68250.10"}, -4016),
        ({"side": "SELL", "price": "61749.90"}, -4024),
        ({"quantity": "0.001", "price": "49000"}, -4164),
        ({"timeInForce": "GTD"}, -1102),
        ({"timeInForce": "GTD", "goodTillDate": str(NOW + 600_000)}, -5040),
    ],
    ids=str,
)
def test_a_bad_order_is_refused_with_binances_code(change: dict[str, str], code: int) -> None:
    with pytest.raises(VenueError) as refused:
        read(GOOD | change)

    assert (refused.value.code, refused.value.status) == (code, 400)


@pytest.mark.parametrize(
    ("change", "code"), [({"quantity": "0.001"}, -4004), ({"quantity": "0.003"}, -4023), ({"price": "556.70"}, -4013)]
)
def test_the_symbols_own_bounds_hold(change: dict[str, str], code: int) -> None:
    narrow = replace(BTC, min_quantity=Decimal("0.002"), step_size=Decimal("0.002"), min_price=Decimal("556.80"))

    with pytest.raises(VenueError) as refused:
        read(GOOD | change, spec=narrow)

    assert refused.value.code == code


def test_errors_are_checked_in_the_documented_order() -> None:
    broken = GOOD | {"side": "HOLD", "quantity": "0", "price": "60000.15", "newClientOrderId": "no spaces"}
    codes = []
    for repair in ({"side": "BUY"}, {"newClientOrderId": "ok"}, {"quantity": "0.010"}, {"price": "60000"}):
        with pytest.raises(VenueError) as refused:
            read(broken)
        codes.append(refused.value.code)
        broken |= repair

    assert codes == [-1117, -4015, -4003, -4014]
    assert read(broken)


def test_the_smallest_notional_is_named_and_reduce_only_is_free_of_it() -> None:
    small = GOOD | {"quantity": "0.001", "price": "49000"}

    with pytest.raises(VenueError, match="no smaller than 50"):
        read(small)

    assert read(small | {"reduceOnly": "true"})


def test_a_good_till_date_has_second_precision() -> None:
    intent = read(GOOD | {"timeInForce": "GTD", "goodTillDate": str(NOW + 700_999)})

    assert intent.good_till_ms == NOW + 700_000


def test_hedge_mode_demands_a_position_side_and_forbids_reduce_only() -> None:
    with pytest.raises(VenueError) as mismatch:
        read(GOOD, hedge=True)
    with pytest.raises(VenueError, match="'reduceonly' sent when not required") as unwanted:
        read(GOOD | {"positionSide": "LONG", "reduceOnly": "true"}, hedge=True)

    assert (mismatch.value.code, unwanted.value.code) == (-4061, -1106)


@pytest.mark.parametrize(
    ("side", "position_side", "closes"),
    [("BUY", "LONG", False), ("SELL", "LONG", True), ("SELL", "SHORT", False), ("BUY", "SHORT", True)],
)
def test_an_order_that_closes_in_hedge_mode_is_reduce_only(side: str, position_side: str, closes: bool) -> None:
    intent = read(GOOD | {"side": side, "positionSide": position_side, "price": "65000"}, hedge=True)

    assert intent.reduce_only is closes
