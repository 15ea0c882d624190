"""`simulator serve`: an exchange for clients in any language, until Ctrl-C.

It is as real as it can be by default: accounts trade in a book, limits are enforced. `Simulator()` in Python is as
simple as it can be instead. With a scenario, which says itself what fills, the market has one price.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import click

from simulator.account_options import API_KEY, API_SECRET, read_accounts
from simulator.command_life import first_of, listening, one_line, report, stop_signal
from simulator.core.domain import TRADING, SymbolSpec
from simulator.core.journal import JournalEntry
from simulator.core.loopback import is_loopback
from simulator.core.market.symbols import market_at, synthetic_symbols
from simulator.core.profile import Profile
from simulator.core.risk.risk_terms import RiskTerms
from simulator.core.scenario.scenario import Scenario
from simulator.core.trading.market_terms import MarketTerms
from simulator.errors import BadClockError
from simulator.runtime.clock import wall_clock_ms
from simulator.runtime.clock_control import Mode, parse_pace
from simulator.runtime.script import load_scenario
from simulator.runtime.server import Simulator
from simulator.welcome import welcome

__all__ = ["serve"]

DEFAULT_PORT: Final = 9010
LOOPBACK: Final = "127.0.0.1"
_COLLECTION: Final = (50_000, 20, 100)
"""How seldom the collector of garbage looks around: orders have no cycles, and each look holds answers up."""

PROFILES: Final[dict[str, Callable[[], Profile]]] = {
    "default": Profile,
    "production": Profile.production,
    "testnet": Profile.testnet,
    "strict": Profile.strict,
}


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any free one.")
@click.option("--host", default=LOOPBACK, show_default=True, help="The address to listen on.")
@click.option("--tls", is_flag=True, help="Speak https:// and wss:// only, by a throw-away certificate authority.")
@click.option(
    "--account", "more", metavar="NAME:BALANCE", multiple=True, help="Another account, with its USDT; repeatable."
)
@click.option(
    "--accounts",
    "accounts_file",
    type=click.Path(path_type=Path),
    help=f"Accounts with keys of your own: a JSON list. Or set {API_KEY} and {API_SECRET} for the default one.",
)
@click.option(
    "--public-key",
    "public_key",
    type=click.Path(path_type=Path),
    help="The default account signs with this RSA or Ed25519 key (the file of its public half, PEM).",
)
@click.option(
    "--symbols",
    "synthetic",
    type=click.IntRange(0, 9999),
    default=0,
    help="So many synthetic symbols more (SIM0001USDT, ...).",
)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="default",
    show_default=True,
    help="Which Binance to imitate where environments differ (docs/profiles.md).",
)
@click.option(
    "--market",
    type=click.Choice(["book", "one-price"]),
    help="Accounts trade in a book with liquidations and funding, or the house fills anything at one price."
    "  [default: book; with --scenario, one-price]",
)
@click.option(
    "--path",
    "written_paths",
    metavar="SYMBOL=PATH",
    multiple=True,
    help="How a symbol moves by itself, repeatable: BTCUSDT=walk:every=1s,by=0.05,seed=7, ETHUSDT=file:prices.csv, "
    "or *=walk for all.",
)
@click.option(
    "--rate-limits",
    type=click.Choice(["enforced", "counted"]),
    default="enforced",
    show_default=True,
    help="Refuse what exceeds Binance's limits, or only count it.",
)
@click.option(
    "--clock",
    "pace",
    metavar="PACE",
    default="running",
    show_default=True,
    callback=lambda _context, _option, text: _read_pace(text),
    help="How time passes: running, frozen, stepped, or 60x for 60 times as fast (docs/clock.md).",
)
@click.option("--scenario", "file", help="Play this scenario, then stop: exit code 0 if it passed, 1 if not.")
@click.option("--verbose", is_flag=True, help="Print a line for everything that happens.")
def serve(
    *,
    port: int,
    host: str,
    tls: bool,
    more: tuple[str, ...],
    accounts_file: Path | None,
    public_key: Path | None,
    synthetic: int,
    profile: str,
    market: str | None,
    written_paths: tuple[str, ...],
    rate_limits: Literal["enforced", "counted"],
    pace: tuple[Mode, float | None],
    file: str | None,
    verbose: bool,
) -> None:
    """Serve the exchange until Ctrl-C, or until its scenario has ended."""
    with one_line():
        scenario = load_scenario(file) if file else None
        is_book = (market or ("one-price" if scenario else "book")) == "book"
        symbols = (*market_at(wall_clock_ms()), *synthetic_symbols(synthetic))
        simulator = Simulator(
            port=port,
            host=host,
            tls=tls,
            accounts=read_accounts(more, public_key, accounts_file, os.environ),
            symbols=symbols,
            paths=_read_paths(written_paths, symbols),
            profile=PROFILES[profile](),
            market=MarketTerms(liquidity="book") if is_book else None,
            risk=RiskTerms(liquidation="automatic", funding="automatic") if is_book else None,
            rate_limits=rate_limits,
        )
        about = f"profile {profile}, {'a book' if is_book else 'one price'} per symbol, limits {rate_limits}"
        follow = [_print_entry] if verbose else []
        sys.exit(asyncio.run(_serve(simulator, scenario, follow, about, pace)))


async def _serve(
    simulator: Simulator,
    scenario: Scenario | None,
    follow: Sequence[Callable[[JournalEntry], None]],
    about: str,
    pace: tuple[Mode, float | None],
) -> int:
    stopped = stop_signal()
    async with listening(simulator):
        _warn_beyond_loopback(simulator.host)
        for show in follow:
            simulator.subscribe(show)
        if pace != ("running", None):
            simulator.clock.change(*pace)
        click.echo(welcome(simulator, about))
        gc.freeze()  # what was imported and set up stays for good: no collection has to look at it again
        gc.set_threshold(*_COLLECTION)
        if scenario is None:
            await stopped.wait()
            return 0
        played = simulator.play(scenario)
        await first_of(played.finished(), stopped.wait())
        return report(played)


def _read_pace(text: str) -> tuple[Mode, float | None]:
    try:
        return parse_pace(text)
    except BadClockError as error:
        raise click.BadParameter(str(error)) from error


def _read_paths(written: Sequence[str], symbols: Sequence[SymbolSpec]) -> dict[str, str]:
    """Return the path of each symbol; `*` is every symbol that trades, and a symbol's own path goes before it."""
    paths: dict[str, str] = {}
    for text in written:
        symbol, equals, path = text.partition("=")
        if not equals:
            message = f"--path {text}: expected SYMBOL=PATH, such as BTCUSDT=walk"
            raise click.UsageError(message)
        named = [spec.symbol for spec in symbols if spec.status == TRADING] if symbol == "*" else [symbol]
        paths |= {name: path for name in named if symbol != "*" or name not in paths}
    return paths


def _print_entry(entry: JournalEntry) -> None:
    click.echo(str(entry))


def _warn_beyond_loopback(host: str) -> None:
    if not is_loopback(host):
        click.echo(f"warning: listening on {host}: whoever reaches it can trade with the documented keys", err=True)
