"""Everything that Binance sends is typed, and what an engine must know of it is told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.user_stream.core.documented_events import EVENTS, algo, decode, order, sample
from user_stream.core.decode import DecodeError
from user_stream.core.events import (
    AccountConfigUpdate,
    AccountUpdate,
    AlgoUpdate,
    ConditionalOrderTriggerReject,
    GridUpdate,
    MarginCall,
    OrderTradeUpdate,
    StrategyUpdate,
)
from user_stream.core.mapping import map_account_update, map_order_update

# --- orders -------------------------------------------------------------------------------------------------------


def test_an_amendment_says_the_new_terms_and_whose_amendment_it_was() -> None:
    event = order("amendment")

    assert (event.order.execution_type, event.order.order_status, event.order.modify_id) == (
        "AMENDMENT",
        "NEW",
        "44444",
    )
    assert (event.order.original_quantity, event.order.price) == ("0.020", "76500.00")


@pytest.mark.parametrize("reason", [*"0123456789", "10"])
def test_an_expired_order_keeps_its_reason_known_or_not(reason: str) -> None:
    event = order("expired_ioc", er=reason)

    assert (event.order.order_status, event.order.expiry_reason) == ("EXPIRED", reason)


def test_an_order_expired_in_match_is_so_mapped() -> None:
    """Row 10: EXPIRED_IN_MATCH."""
    event = order("expired_in_match_stp")

    assert event.order.expiry_reason == "1"
    assert map_order_update(event)["order_status"] == "EXPIRED_IN_MATCH"


@pytest.mark.parametrize(
    "name",
    ["liquidation", "adl", "adl_nautilus_variant", "settlement", "settlement_nautilus_variant"],
)
@pytest.mark.parametrize("execution_type", ["CALCULATED", "TRADE", "LIQUIDATION", "SOMETHING_OF_2031"])
@pytest.mark.parametrize("status", ["FILLED", "NEW_ADL", "NEW_INSURANCE", "SOMETHING_OF_2031"])
def test_a_forced_fill_is_a_fill_whatever_its_execution_type_and_status(
    name: str, execution_type: str, status: str
) -> None:
    """Rule 3, rows 10 and 11."""
    mapped = map_order_update(order(name, x=execution_type, X=status))

    assert Decimal(mapped["last_filled_qty"]) > 0
    assert mapped["order_status"] == "FILLED"


@pytest.mark.parametrize(("letter", "value"), [("o", "LIQUIDATION"), ("f", "GTD"), ("f", "GTE_GTC"), ("f", "RPI")])
def test_a_value_that_broke_other_clients_is_kept(letter: str, value: str) -> None:
    """Row 10: LIQUIDATION, GTD and GTE_GTC."""
    mapped = map_order_update(order("gtd", **{letter: value}))

    assert value in {mapped["order_type"], mapped["time_in_force"]}


def test_an_order_without_commission_has_none() -> None:
    """Row 10: missing n and N."""
    frame = sample("order_trade_update_filled")
    del frame["o"]["n"], frame["o"]["N"]

    event = decode(frame)

    assert isinstance(event, OrderTradeUpdate)
    assert (event.order.commission, event.order.commission_asset) == ("0", "")


@pytest.mark.parametrize("letter", ["q", "l", "z", "L", "t", "i", "s", "X"])
@pytest.mark.parametrize("told", ["absent", "null"])
def test_an_order_that_does_not_say_what_was_filled_is_refused_rather_than_taken_for_unfilled(
    letter: str, told: str
) -> None:
    frame = sample("order_trade_update_filled")
    frame["o"][letter] = None
    if told == "absent":
        del frame["o"][letter]

    with pytest.raises(DecodeError, match="ORDER_TRADE_UPDATE is not in its documented shape"):
        decode(frame)


def test_the_additions_of_coin_m_are_read_and_no_other_letter_is_mistaken_for_them() -> None:
    frame = sample("order_trade_update_filled")
    plain = decode(frame)

    event = decode({**frame, "i": "SgsR", "st": 2, "ps": "BTCUSD", "o": {**frame["o"], "ma": "BTC", "st": 2}})

    assert isinstance(event, OrderTradeUpdate)
    assert isinstance(plain, OrderTradeUpdate)
    assert (event.account_alias, event.market, event.pair) == ("SgsR", 2, "BTCUSD")
    assert (event.order.margin_asset, event.order.market, event.order.position_side) == ("BTC", 2, "BOTH")
    assert (plain.account_alias, plain.market, plain.pair, plain.order.margin_asset) == ("", 0, "", "")
    assert map_order_update(event) == map_order_update(plain)


def test_an_account_update_of_coin_m_has_its_account() -> None:
    event = decode({**sample("account_update_order_live"), "i": "SgsR", "st": "2"})

    assert isinstance(event, AccountUpdate)
    assert (event.account_alias, str(event.market)) == ("SgsR", "2")


# --- the account --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("positions", [[], None, "absent"])
def test_a_funding_fee_of_a_cross_position_has_a_symbol_and_no_position(positions: list[object] | str | None) -> None:
    """Row 21."""
    frame = sample("account_update_funding_cross")
    frame["a"]["P"] = positions
    if positions == "absent":
        del frame["a"]["P"]

    event = decode(frame)

    assert isinstance(event, AccountUpdate)
    assert (event.account.reason, event.account.symbol, event.account.positions) == ("FUNDING_FEE", "BTCUSDT", ())
    assert event.account.balances[0].balance_change == "-0.37500000"


def test_a_funding_fee_of_an_isolated_position_has_that_position() -> None:
    event = decode(sample("account_update_funding_isolated"))

    assert isinstance(event, AccountUpdate)
    assert [position.isolated_wallet for position in event.account.positions] == ["99.62500000"]
    assert event.account.symbol == "BTCUSDT"


@pytest.mark.parametrize(
    "reason",
    ["DEPOSIT", "WITHDRAW", "ORDER", "FUNDING_FEE", "WITHDRAW_REJECT", "ADJUSTMENT", "INSURANCE_CLEAR",
     "ADMIN_DEPOSIT", "ADMIN_WITHDRAW", "MARGIN_TRANSFER", "MARGIN_TYPE_CHANGE", "ASSET_TRANSFER",
     "OPTIONS_PREMIUM_FEE", "OPTIONS_SETTLE_PROFIT", "AUTO_EXCHANGE", "COIN_SWAP_DEPOSIT", "COIN_SWAP_WITHDRAW",
     "COIN_SWAP_ORDER", "INSURANCE_FUND"],
)  # fmt: skip
def test_every_reason_is_kept(reason: str) -> None:
    """Row 10: COIN_SWAP_ORDER, INSURANCE_FUND."""
    frame = sample("account_update_docs")
    frame["a"]["m"] = reason
    event = decode(frame)

    assert isinstance(event, AccountUpdate)
    assert map_account_update(event)["reason"] == reason


def test_a_change_of_configuration_is_one_of_two() -> None:
    """Row 10: ACCOUNT_CONFIG_UPDATE."""
    leverage = decode(sample("account_config_update_leverage"))
    mode = decode(sample("account_config_update_multiassets"))

    assert isinstance(leverage, AccountConfigUpdate)
    assert isinstance(mode, AccountConfigUpdate)
    assert leverage.leverage is not None
    assert (leverage.leverage.symbol, leverage.leverage.leverage, leverage.asset_mode) == ("BTCUSDT", 25, None)
    assert mode.asset_mode is not None
    assert (mode.asset_mode.multi_assets_mode, mode.leverage) == (True, None)


def test_a_margin_call_types_its_positions_and_may_lack_the_cross_balance() -> None:
    frame = sample("margin_call")
    isolated = {**frame["p"][0], "mt": "ISOLATED", "iw": "5.1"}
    del frame["cw"]

    event = decode({**frame, "p": [*frame["p"], isolated]})

    assert isinstance(event, MarginCall)
    assert event.cross_wallet_balance == ""
    assert [position.margin_type for position in event.positions] == ["CROSSED", "ISOLATED"]
    assert (event.positions[0].mark_price, event.positions[0].maintenance_margin) == ("187.17127", "1.614445")


# --- conditional orders and strategies ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status",
    ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED", "CANCELED", "REJECTED", "EXPIRED", "SOMETHING_OF_2031"],
)
def test_a_conditional_order_is_read_in_every_status(status: str) -> None:
    assert algo(X=status).algo.algo_status == status


@pytest.mark.parametrize("status", ["REJECTED", "EXPIRED"])
def test_a_conditional_order_that_failed_says_why(status: str) -> None:
    assert algo(X=status, rm="Reduce Only reject").algo.failure_reason == "Reduce Only reject"


def test_the_captured_trigger_is_read_step_by_step() -> None:
    name = "sequence_algo_stop_market_trigger_live"
    steps = [decode(EVENTS[key]) for key in EVENTS if key.startswith(name)]

    told = [
        (step.algo.algo_status, step.algo.order_id, step.algo.executed_quantity, step.algo.child_type)
        for step in steps
        if isinstance(step, AlgoUpdate)
    ]
    assert told == [
        ("TRIGGERING", "", "", ""),
        ("TRIGGERED", "88937381063", "0", "MARKET"),
        ("FINISHED", "88937381063", "38", "MARKET"),
    ]


def test_a_conditional_order_of_portfolio_margin_is_read_alike() -> None:
    frame = sample("algo_update_docs_canceled")
    moved = {**frame, "ao": frame["o"]}
    del moved["o"]

    assert decode(moved) == decode(frame)
    assert decode({**frame, "ao": {"aid": 1, "X": "NEW"}}) == decode(frame)


@pytest.mark.parametrize("activated", [True, False])
def test_a_trailing_stop_says_whether_it_is_activated(activated: bool) -> None:
    assert algo(o="TRAILING_STOP_MARKET", ia=activated).algo.is_activated is activated


def test_a_rejected_trigger_names_its_order_and_the_reason() -> None:
    """Row 10: CONDITIONAL_ORDER_TRIGGER_REJECT."""
    event = decode(sample("conditional_order_trigger_reject"))

    assert isinstance(event, ConditionalOrderTriggerReject)
    assert (event.rejection.symbol, event.rejection.order_id) == ("ETHUSDT", 155618472834)
    assert event.rejection.reason.startswith("Due to the order could not be filled immediately")


def test_strategies_and_grids_are_typed() -> None:
    strategy = decode(sample("strategy_update"))
    grid = decode(sample("grid_update"))

    assert isinstance(strategy, StrategyUpdate)
    assert isinstance(grid, GridUpdate)
    assert (strategy.strategy.strategy_id, strategy.strategy.operation_code) == (176054594, 8007)
    assert (grid.grid.strategy_id, grid.grid.realized_profit) == (176057039, "-0.00300716")
