"""`make conformance`: a table of every public sample, whether the simulator produces it, and where it differs.

Every sample is produced on both kinds of market, the one of one price and the one with a book.

Exits with 1 when something differs that has no reason, or when a reason is not needed any more.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

from rich.console import Console
from rich.table import Table

from simulator.core.rest.endpoints import ROUTES
from simulator.core.ws_api.ws_api import SESSION_METHODS, TWINS
from simulator.runtime.virtual_time import VirtualTimeLoop
from tests.contract.conformance.case import Outcome, trust, try_case
from tests.contract.conformance.inventory import ENDPOINTS, METHODS, UNWEIGHED
from tests.contract.conformance.registry import CASES, NOT_IMPLEMENTED, samples

WIDTH_OF_A_FILE = 180


async def _try_all() -> dict[str, Outcome]:
    return {name: await _try_both(name) for name in samples() if name in CASES}


async def _try_both(name: str) -> Outcome:
    """Return what came of a sample on the market of one price, or on the one with a book where that is worse."""
    outcome = await try_case(name, CASES[name], "one_price")
    other = await try_case(name, CASES[name], "book")
    return other if other.differs else outcome


def _row(name: str, outcome: Outcome | None) -> tuple[str, str, str, str]:
    """Return what the table says of a sample: its name, is it implemented, is its shape equal, what else."""
    if outcome is None:
        return name, "no", "", NOT_IMPLEMENTED.get(name, "[red]nothing is said about it[/red]")
    if outcome.differs or outcome.needless:
        needless = [f"{path}: is as in the sample, no excuse is needed" for path in outcome.needless]
        return name, "yes", "[red]differs[/red]", "\n".join([*outcome.differs, *needless])
    reasons: dict[str, list[str]] = {}
    for path, reason in outcome.excused.items():
        reasons.setdefault(reason, []).append(path)
    return name, "yes", "equal", "\n".join(f"but {', '.join(paths)}: {reason}" for reason, paths in reasons.items())


def _report(outcomes: dict[str, Outcome], console: Console) -> bool:
    """Print the table and the totals; return whether nothing is wrong."""
    table = Table(title="What public samples show, and what the simulator sends")
    for heading in ("sample", "source", "implemented", "shape", "where, or why not"):
        table.add_column(heading, overflow="fold")
    verdicts: Counter[str] = Counter()
    for name in samples():
        outcome = outcomes.get(name)
        _, implemented, shape, text = _row(name, outcome)
        table.add_row(name, trust(name), implemented, shape, text)
        verdicts[shape or "not implemented"] += 1
    console.print(table)
    routes = [endpoint.route for endpoint in ENDPOINTS] + list(UNWEIGHED)
    missing = [" ".join(route) for route in routes if route not in ROUTES]
    missing += [method for method in METHODS if method not in TWINS and method not in SESSION_METHODS]
    console.print(
        f"{len(samples())} samples: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    )
    console.print(f"{len(routes)} REST endpoints and {len(METHODS)} methods in the reference: {len(missing)} missing")
    for name in missing:
        console.print(f"  [red]{name}[/red]")
    unsaid = [name for name in samples() if name not in CASES and name not in NOT_IMPLEMENTED]
    return not missing and not unsaid and not any(outcome.differs or outcome.needless for outcome in outcomes.values())


def main() -> None:
    """Compare, print, exit."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        outcomes = runner.run(_try_all())
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH_OF_A_FILE
    sys.exit(0 if _report(outcomes, console) else 1)


if __name__ == "__main__":
    main()
