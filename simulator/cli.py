"""The command `simulator`: `serve` an exchange, `run` a client against a scenario, `check` scenario files.

Whatever cannot be done ends with one clear line on stderr and an exit code that is not 0. Exit codes: 0 as expected,
1 a scenario or its client failed or something could not be done, 2 the command line is wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from simulator.core.domain import AccountSpec
from simulator.core.ids import identifier
from simulator.core.journal import JournalEntry
from simulator.core.loopback import is_loopback
from simulator.core.notation import Notation, complaint
from simulator.core.scenario import Scenario
from simulator.core.scenario_error import ScenarioError
from simulator.core.signatures import is_pem
from simulator.core.symbols import market_at, synthetic_symbols
from simulator.errors import SimulatorError
from simulator.runtime.clock import wall_clock_ms
from simulator.runtime.script import ScenarioRun, load_scenario
from simulator.runtime.server import Simulator

__all__ = ["main"]

DEFAULT_PORT: Final = 9010
LOOPBACK: Final = "127.0.0.1"
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
PATIENCE_S: Final = 5.0
"""How long a client may take to end when it is asked to, in s."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A Binance USDⓈ-M futures exchange on this machine."""


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: any free one.")
@click.option("--host", default=LOOPBACK, show_default=True, help="The address to listen on.")
@click.option(
    "--account", "more", metavar="NAME:BALANCE", multiple=True, help="Another account, with its USDT; repeatable."
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
@click.option("--scenario", "file", help="Play this scenario, then stop: exit code 0 if it passed, 1 if not.")
@click.option("--verbose", is_flag=True, help="Print a line for everything that happens.")
def serve(
    *,
    port: int,
    host: str,
    more: tuple[str, ...],
    public_key: Path | None,
    synthetic: int,
    file: str | None,
    verbose: bool,
) -> None:
    """Serve the exchange until Ctrl-C, or until its scenario has ended."""
    with _one_line():
        scenario = load_scenario(file) if file else None
        simulator = Simulator(
            port=port,
            host=host,
            accounts=_accounts(more, _public_key(public_key)),
            symbols=(*market_at(wall_clock_ms()), *synthetic_symbols(synthetic)),
        )
        follow = [_print_entry] if verbose else []
        sys.exit(asyncio.run(_serve(simulator, scenario, follow)))


@main.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("file")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(file: str, command: tuple[str, ...]) -> None:
    """Run COMMAND, a client, against scenario FILE on a simulator of its own.

    The client finds it in its environment: SIMULATOR_REST_URL, SIMULATOR_WS_URL, SIMULATOR_API_KEY and
    SIMULATOR_API_SECRET. It is ended when the scenario ends. Exit code 0: the scenario passed, and the client did not
    fail by itself.
    """
    with _one_line():
        scenario = load_scenario(file)
        sys.exit(asyncio.run(_run_client(Simulator(), scenario, command)))


@main.command()
@click.argument("files", nargs=-1, required=True)
def check(files: tuple[str, ...]) -> None:
    """Say whether scenario FILES can be played, and everything that is wrong in them."""
    failed = False
    for file in files:
        try:
            load_scenario(file)
        except ScenarioError as error:
            failed = True
            click.echo(str(error), err=True)
        else:
            click.echo(f"{file}: ok")
    sys.exit(1 if failed else 0)


# --- serve --------------------------------------------------------------------------------------------------------


async def _serve(
    simulator: Simulator, scenario: Scenario | None, follow: Sequence[Callable[[JournalEntry], None]]
) -> int:
    stopped = _stop_signal()
    async with _listening(simulator):
        _warn_beyond_loopback(simulator.host)
        for show in follow:
            simulator.subscribe(show)
        _print_welcome(simulator)
        if scenario is None:
            await stopped.wait()
            return 0
        played = simulator.play(scenario)
        await _first_of(played.finished(), stopped.wait())
        return _report(played)


def _accounts(more: Iterable[str], public_key: str) -> tuple[AccountSpec, ...]:
    """Return the default account, with its public key if it has one, and those written as NAME:BALANCE.

    The same name has the same keys, every time.
    """
    accounts = {AccountSpec().name: AccountSpec(public_key=public_key)}
    for text in more:
        name, colon, balance = text.partition(":")
        if not (name and colon and _is_amount(balance)):
            message = f"--account {text!r} is not NAME:BALANCE, such as alice:10000"
            raise click.ClickException(message)
        if name in accounts:
            message = f"--account {name}: there is an account of this name already: give another"
            raise click.ClickException(message)
        key, secret = identifier(64, "api key", name), identifier(64, "api secret", name)
        accounts[name] = AccountSpec(name=name, api_key=key, api_secret=secret, balance=balance)
    return tuple(accounts.values())


def _public_key(path: Path | None) -> str:
    if path is None:
        return ""
    text = path.read_text(errors="replace")
    if not is_pem(text):
        message = f"--public-key {path} holds no PEM text (-----BEGIN PUBLIC KEY-----)"
        raise click.ClickException(message)
    return text


def _is_amount(text: str) -> bool:
    return not text.startswith("-") and not complaint(Notation.DECIMAL, text)


def _print_welcome(simulator: Simulator) -> None:
    click.echo(f"REST     {simulator.rest_url}")
    click.echo(f"streams  {simulator.ws_url}")
    click.echo(f"control  {simulator.rest_url}/sim/state")
    for account in simulator.accounts:
        click.echo(f"account  {account.name}: {account.balance} USDT")
        click.echo(f"  key    {account.api_key}")
        click.echo(f"  secret {'none, it signs with its private key' if account.public_key else account.api_secret}")
    click.echo(f"{len(simulator.symbols)} symbols. Ctrl-C stops.")


def _print_entry(entry: JournalEntry) -> None:
    click.echo(str(entry))


def _report(played: ScenarioRun) -> int:
    """Say how a scenario ended; return the exit code."""
    outcome = played.stop()
    if outcome.passed:
        click.echo(f"scenario {played.scenario.name!r} passed in {outcome.elapsed_ms / 1000:g} s")
        return 0
    try:
        played.check()
    except SimulatorError as error:
        click.echo(str(error), err=True)
    return 1


def _warn_beyond_loopback(host: str) -> None:
    if not is_loopback(host):
        click.echo(f"warning: listening on {host}: whoever reaches it can trade with the documented keys", err=True)


# --- run ----------------------------------------------------------------------------------------------------------


async def _run_client(simulator: Simulator, scenario: Scenario, command: Sequence[str]) -> int:
    stopped = _stop_signal()
    async with _listening(simulator):
        played = simulator.play(scenario)
        client = await asyncio.create_subprocess_exec(*command, env=os.environ | _client_environment(simulator))
        try:
            await _first_of(client.wait(), played.finished(), stopped.wait())
            failed = client.returncode not in {None, 0}
        finally:
            await _end(client)
        if failed:
            click.echo(f"the client failed with exit code {client.returncode}", err=True)
        return _report(played) or int(failed)


def _client_environment(simulator: Simulator) -> dict[str, str]:
    return {
        "SIMULATOR_REST_URL": simulator.rest_url,
        "SIMULATOR_WS_URL": simulator.ws_url,
        "SIMULATOR_API_KEY": simulator.account.api_key,
        "SIMULATOR_API_SECRET": simulator.account.api_secret,
    }


async def _end(client: asyncio.subprocess.Process) -> None:
    if client.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(client.pid, signal.SIGTERM)  # `terminate` would reap a client that Ctrl-C has ended, unseen by the loop
    try:
        async with asyncio.timeout(PATIENCE_S):
            await client.wait()
    except TimeoutError:
        client.kill()
        await client.wait()


# --- both ---------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _listening(simulator: Simulator) -> AsyncIterator[None]:
    try:
        await simulator.start()
    except OSError as error:
        message = f"cannot listen on {simulator.host}, port {simulator.port}: {error.strerror or error}"
        raise click.ClickException(message) from error
    try:
        yield
    finally:
        await simulator.stop()


def _stop_signal() -> asyncio.Event:
    """Return an event that is set by Ctrl-C or SIGTERM. Those after the first are held back: the end is near."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    return stopped


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait until the first of these is over; an error in it is raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        task.result()


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    """Turn what the user can mend into its message, without a traceback."""
    try:
        yield
    except SimulatorError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{about}{error.strerror or error}") from error
