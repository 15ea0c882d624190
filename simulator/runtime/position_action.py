"""Does what a step of a scenario says to positions and to the venue, and what another client of an account asks."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, assert_never

from simulator.core.scenario import position_action as act
from simulator.core.scenario.notation import milliseconds, split_request

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["perform_on_venue"]


def perform_on_venue(simulator: Simulator, action: act.OnVenue, account: str | None) -> None:
    """Do an action; `account` is the one that it is about where it names none."""
    match action:
        case act.Liquidate() | act.Adl() | act.Settle():
            _close(simulator, action, account)
        case act.AdjustPosition():
            simulator.adjust_position(
                action.symbol,
                action.amount,
                action.entry_price,
                position_side=action.position_side,
                told=action.told,
                account=account,
            )
        case act.Funding():
            simulator.funding(action.symbol, action.rate)
        case act.MarginCall():
            simulator.margin_call(action.symbol, account=account)
        case act.UpdateStrategy() | act.UpdateGrid():
            terms = asdict(action) | {"account": account}
            tell = simulator.update_strategy if isinstance(action, act.UpdateStrategy) else simulator.update_grid
            tell(**terms)
        case act.Wipe() | act.AdvanceClock():
            _let_pass(simulator, action)
        case act.RequestExternal():
            simulator.request_external(*split_request(action.request), account=account, **action.parameters)
        case _:
            assert_never(action)


def _let_pass(simulator: Simulator, action: act.Wipe | act.AdvanceClock) -> None:
    """Let a wipe, or time, pass over the venue."""
    if isinstance(action, act.Wipe):
        simulator.wipe(connections=action.connections)
    else:
        simulator.clock.begin_advance(ms=milliseconds(action.by))


def _close(simulator: Simulator, action: act.Liquidate | act.Adl | act.Settle, account: str | None) -> None:
    match action:
        case act.Settle():
            simulator.settle(
                action.symbol,
                action.price,
                position_side=action.position_side,
                trade_id=action.trade_id,
                told=action.told,
                account=account,
            )
        case act.Liquidate() | act.Adl():
            deed = simulator.liquidate if isinstance(action, act.Liquidate) else simulator.adl
            deed(
                action.symbol,
                quantity=action.quantity,
                price=action.price,
                position_side=action.position_side,
                trade_id=action.trade_id,
                told=action.told,
                account=account,
            )
        case _:
            assert_never(action)
