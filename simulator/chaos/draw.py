"""What happens in a run of the laboratory, drawn from its seed: a scenario like one that a person writes.

Everything is decided here, before the run: what was drawn can be written down, shortened, and played again without the
seed. A day is made of *stories* (an order and what befalls it, a move of the market, a fault and its end), each at its
moment; they overlap at will. Some moments are drawn into others: a fault at the very time when an order is placed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from simulator.chaos import (
    draw_algo,
    draw_connections,
    draw_danger,
    draw_faults,
    draw_gaps,
    draw_market,
    draw_orders,
    draw_unaided,
)
from simulator.chaos.draw_terms import draw_terms
from simulator.chaos.drawing import Day
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.scenario import Scenario

__all__ = ["ALL", "Mix", "draw_scenario"]

_STORIES_PER_HOUR: Final = 60

Story = Callable[[Day, float], object]


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How much there is of each kind of happening, 1 being the usual share; 0 leaves it out."""

    density: float = 1
    """How many happenings there are in an hour."""
    orders: float = 1
    conditional: float = 1
    """Conditional ("algo") orders."""
    market: float = 1
    """Prices, transfers, funding, positions closed by force, settings."""
    connections: float = 1
    """What befalls streams and listen keys."""
    frames: float = 1
    """What befalls single frames."""
    requests: float = 1
    """What befalls REST: requests, answers, the data behind them, the clock."""
    dangers: float = 1
    """Faults at the very moment at which something depends on it."""
    crashes: float = 1


ALL: Final = Mix()


def draw_scenario(seed: int, hours: float, mix: Mix = ALL) -> Scenario:
    """Return the run of a seed: the same for the same arguments."""
    dice = Random(f"run {seed}")  # noqa: S311  a run must be the same each time
    laboratory, symbols = draw_terms(seed, hours, dice)
    kind = draw_unaided.draw_kind(dice)
    if kind is not None:
        laboratory = draw_unaided.laboratory_unaided(laboratory, kind)
    length_ms = milliseconds(laboratory.length)
    day = Day(dice, laboratory, length_ms, symbols)
    stories = _stories(mix)
    if dice.random() < mix.orders / 3:
        draw_orders.from_before(day)
    for at_ms in _moments(dice, length_ms, mix.density):
        (story,) = dice.choices([story for _, story in stories], [often for often, _ in stories])
        story(day, at_ms)
    if laboratory.faults == "any" and dice.random() < mix.frames / 3:
        draw_gaps.lost_at_the_end(day)
    if kind is not None and mix.connections:
        draw_unaided.last_story(day, kind)
    steps = day.scenario_steps()
    return Scenario(
        name=f"seed {seed}",
        about=f"drawn from seed {seed}, {hours:g} h",
        steps=steps if kind is None else draw_unaided.steps_unaided(day, steps, kind),
        timeout=laboratory.length,
        laboratory=laboratory,
    )


def _moments(dice: Random, length_ms: int, density: float) -> list[float]:
    """Draw when stories begin: anywhere, but a third of them within two seconds of another."""
    count = max(3, round(_STORIES_PER_HOUR * density * length_ms / 3_600_000 * dice.uniform(0.7, 1.3)))
    alone = [dice.uniform(0, length_ms) for _ in range(count - count // 3)]
    near = [dice.choice(alone) + dice.choice([dice.uniform(-5, 5), dice.uniform(0, 2000)]) for _ in range(count // 3)]
    return sorted(alone + near)


def _stories(mix: Mix) -> list[tuple[float, Story]]:
    """Return what may happen, and how often."""
    return [*_trading(mix), *_trouble(mix)]


def _trading(mix: Mix) -> list[tuple[float, Story]]:
    return [
        (18 * mix.orders, draw_orders.filled),
        (10 * mix.orders, draw_orders.cancelled),
        (4 * mix.orders, draw_orders.ended_by_the_exchange),
        (6 * mix.orders, draw_orders.amended),
        (11 * mix.orders, draw_orders.taken),
        (4 * mix.orders, draw_orders.closing),
        (4 * mix.orders, draw_orders.external),
        (2.5 * mix.orders, draw_orders.eats_through_levels),
        (2 * mix.orders, draw_orders.of_others),
        (0.7 * mix.orders, draw_orders.good_till),
        (2 * mix.orders, draw_orders.refused),
        (1 * mix.orders, draw_orders.cancels_everything),
        (5 * mix.conditional, draw_algo.algo_triggered),
        (2 * mix.conditional, draw_algo.algo_ended),
        (1 * mix.conditional, draw_algo.algo_refused),
        (1.5 * mix.conditional, draw_algo.algo_external),
        (6 * mix.market, draw_market.price_moves),
        (4 * mix.market, draw_market.money_moves),
        (2 * mix.market, draw_market.closed_by_force),
        (1.5 * mix.market, draw_market.settings_change),
        (1.5 * mix.market, draw_market.rows_are_told),
    ]


def _trouble(mix: Mix) -> list[tuple[float, Story]]:
    return [
        (4 * mix.connections, draw_connections.connection_ends),
        (1.5 * mix.connections, draw_connections.handshakes_fail),
        (1 * mix.connections, draw_connections.connections_are_slow),
        (2.5 * mix.connections, draw_connections.key_dies),
        (2 * mix.connections, draw_gaps.outage),
        (0.7 * mix.connections, draw_gaps.thrown_out),
        (1 * mix.connections, draw_gaps.at_a_confirmation),
        (1 * mix.connections, draw_gaps.accounts_lag),
        (1 * mix.requests, draw_gaps.unsure),
        (4 * mix.frames, draw_connections.frames_come_otherwise),
        (2 * mix.frames, draw_connections.frames_are_spoilt),
        (4 * mix.requests, draw_faults.orders_fail),
        (4 * mix.requests, draw_faults.reads_fail),
        (2 * mix.requests, draw_faults.reads_lag),
        (2 * mix.requests, draw_faults.key_requests_fail),
        (0.7 * mix.requests, draw_faults.banned),
        (0.7 * mix.requests, draw_faults.clock_is_wrong),
        (1.2 * mix.crashes, draw_connections.engine_dies),
        (1.2 * mix.crashes, draw_danger.at_a_death),
        (0.6 * mix.crashes, draw_gaps.long_death),
        (4 * mix.dangers, draw_danger.at_a_command),
        (3 * mix.dangers, draw_danger.at_a_fill),
        (1 * mix.dangers, draw_danger.name_used_again),
        (2 * mix.dangers, draw_danger.at_a_cancellation),
        (3 * mix.dangers, draw_danger.at_a_reconnection),
    ]
