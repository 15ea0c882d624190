"""The day that is being drawn: its dice, its symbols, where the market is, and the steps so far.

Everything is decided before the run begins, so a step knows what was planned before it and not what came of it: the
price of a symbol is where the last drawn move left it, an order is the one that was to be placed. What turns out
otherwise (a fill of an order that was refused) is skipped by the player.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise
from random import Random
from typing import Final, Literal

from simulator.core.domain import BUY, SELL, SymbolSpec
from simulator.core.scenario.action import Action
from simulator.core.scenario.engine_action import EnginePlace
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.scenario import Step

__all__ = ["Day", "Drawn", "Side", "other"]

Side = Literal["BUY", "SELL"]
_PER_MILLE: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """An order that was planned."""

    order: EnginePlace
    spec: SymbolSpec
    at_ms: int

    @property
    def name(self) -> str:
        """Its client order id."""
        return self.order.client_order_id

    @property
    def quantity(self) -> Decimal:
        """Base asset."""
        return Decimal(self.order.quantity)


@dataclass(eq=False)
class Day:
    """What has been drawn of a run."""

    dice: Random
    laboratory: Laboratory
    length_ms: int
    symbols: tuple[SymbolSpec, ...]
    prices: dict[str, Decimal] = field(default_factory=dict)
    steps: list[tuple[int, tuple[Action, ...]]] = field(default_factory=list)
    placed: list[Drawn] = field(default_factory=list)
    """The orders of the engine so far."""
    names: int = 0

    def __post_init__(self) -> None:
        self.prices = {spec.symbol: spec.price for spec in self.symbols}

    def add(self, at_ms: float, *actions: Action) -> None:
        """Plan that this happens, if the run lasts so long."""
        if at_ms < self.length_ms:
            self.steps.append((max(0, round(at_ms)), actions))

    def scenario_steps(self) -> list[Step]:
        """Return everything that was planned, in order; what comes at the same moment, as it was planned."""
        in_order = sorted(self.steps, key=lambda planned: planned[0])
        return [Step(at=f"{at_ms}ms", do=actions[0] if len(actions) == 1 else actions) for at_ms, actions in in_order]

    # --- amounts ---

    def symbol(self) -> SymbolSpec:
        """Draw one of the day's symbols."""
        return self.dice.choice(self.symbols)

    def quantity(self, spec: SymbolSpec) -> Decimal:
        """Draw what an order of a few hundred to a few thousand of the quote asset has."""
        worth = Decimal(self.dice.choice([150, 300, 700, 1500, 4000]))
        quantity = (worth / self.prices[spec.symbol]) // spec.step_size * spec.step_size
        return max(quantity, 3 * spec.step_size, spec.min_quantity)

    def price(self, spec: SymbolSpec, away_per_mille: float) -> Decimal:
        """Return a price so far above the market (below, if negative), on the tick."""
        exact = self.prices[spec.symbol] * (1 + Decimal(round(away_per_mille * 1000)) / (_PER_MILLE * 1000))
        return max(spec.tick_size, (exact / spec.tick_size).quantize(Decimal(1), ROUND_DOWN) * spec.tick_size)

    def side(self) -> Side:
        """Draw one."""
        return self.dice.choice((BUY, SELL))

    def parts(self, spec: SymbolSpec, quantity: Decimal, count: int) -> list[Decimal]:
        """Return a quantity in at most so many parts, each of whole steps."""
        steps = int(quantity / spec.step_size)
        cuts = sorted(self.dice.sample(range(1, steps), min(count, steps) - 1)) if steps > 1 else []
        edges = [0, *cuts, steps]
        return [(after - before) * spec.step_size for before, after in pairwise(edges)]

    def name(self, prefix: str = "c") -> str:
        """Return a client order id that no other order of the day has."""
        self.names += 1
        return f"{prefix}-{self.names}"

    def soon_ms(self) -> float:
        """Draw a wait: none, a few ms, about a second, or up to half a minute."""
        return self.dice.choice([0, 0, self.dice.uniform(1, 10), self.dice.uniform(20, 400),
                                 self.dice.uniform(500, 3000), self.dice.uniform(1000, 30_000)])  # fmt: skip


def other(side: Side) -> Side:
    """Return the other side."""
    return "SELL" if side == "BUY" else "BUY"
