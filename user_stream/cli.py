"""The command `user-stream`: `run` shows what happens to an account, `demo` shows what this library does.

`run` places, amends and cancels nothing, on no environment. Exit codes: 0 ended by Ctrl-C, 1 it could not be done, 2
the command line is wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.text import Text

from user_stream.contracts import MappedAccountUpdate, MappedOrderUpdate
from user_stream.core.events import Event
from user_stream.core.lifecycle import Degraded, Live, Notice, Stopped
from user_stream.credentials import Credentials, credentials_from_file, credentials_from_variables
from user_stream.errors import SettingsError, UserStreamError
from user_stream.journal_cli import journal
from user_stream.logs import HideSecrets, JsonFormatter
from user_stream.narration import Kind, Line, account_line, notice_line, order_line, print_form
from user_stream.observer import Observer
from user_stream.runtime.clock import LoopClock
from user_stream.service import UserStreamService
from user_stream.settings import Environment, Settings, StreamUrlForm

__all__ = ["main"]

ENVIRONMENTS: Final = {
    "simulator": Environment.SIMULATOR,
    "testnet": Environment.TESTNET,
    "mainnet": Environment.MAINNET,
}
URL_FORMS: Final = {form.name.lower().replace("_", "-"): form for form in StreamUrlForm}
ON_THIS_MACHINE: Final = re.compile(r"(http|ws)://(?P<address>(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?)/?")
STYLES: Final[dict[Kind, str]] = {
    "stream": "cyan",
    "gap": "yellow",
    "order": "blue",
    "fill": "green",
    "account": "magenta",
    "event": "dim",
    "error": "bold red",
}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Everything that happens to a Binance USDⓈ-M account, exactly once and in order."""


@main.command()
@click.option(
    "--environment",
    type=click.Choice(list(ENVIRONMENTS)),
    default="simulator",
    show_default=True,
    help="Which Binance.",
)
@click.option("--rest-url", help="A simulator elsewhere on this machine: its REST address.")
@click.option("--ws-url", help="Its address for streams, where it differs from --rest-url.")
@click.option(
    "--keys",
    type=click.Path(path_type=Path),
    help="A file of NAME=VALUE lines instead of the environment: BINANCE[_TESTNET|_SIMULATOR]_API_KEY, ..._SECRET.",
)
@click.option(
    "--private-key",
    type=click.Path(path_type=Path),
    help="The file of an RSA or Ed25519 private key (PEM), instead of the secret.",
)
@click.option("--url-form", type=click.Choice(list(URL_FORMS)), help="How the private stream is asked for.")
@click.option(
    "--connections",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many carry the stream at all times: of two, one may die.",
)
@click.option("--journal", type=click.Path(path_type=Path), help="Outlive a kill: go on from this file, and keep it.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="error", help="Logs, on stderr."
)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="Logs as sentences or JSON.")
@click.option("--metrics-port", type=click.IntRange(0, 65535), help="Serve metrics for Prometheus; 0: a free port.")
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Where: by default, this machine only.")
def run(
    *,
    environment: str,
    rest_url: str | None,
    ws_url: str | None,
    keys: Path | None,
    private_key: Path | None,
    url_form: str | None,
    connections: int,
    journal: Path | None,
    log_level: str,
    log_format: str,
    metrics_port: int | None,
    metrics_host: str,
) -> None:
    """Print orders, fills, account changes and the stream's own life until Ctrl-C. Places no orders."""
    _log_to_stderr(log_level, log_format)
    form = URL_FORMS[url_form] if url_form else Settings().url_form
    settings = Settings(url_form=form, connections=connections, journal=journal)
    try:
        place = _place(environment, rest_url, ws_url)
        credentials = (
            credentials_from_file(environment, keys, private_key=private_key)
            if keys
            else credentials_from_variables(environment, os.environ, private_key=private_key)
        )
        with _metrics(metrics_host, metrics_port) as observer:
            asyncio.run(_follow(place, credentials, settings, observer))
    except UserStreamError as error:
        raise click.ClickException(str(error)) from error


@main.command()
def demo() -> None:
    """Show an engine's orders living their lives against a local exchange, faults and all."""
    from user_stream.demo.run import main as show  # noqa: PLC0415  only the demo needs the simulator

    sys.exit(show())


# --- what it leaves behind ----------------------------------------------------------------------------------------


def _log_to_stderr(level: str, form: str) -> None:
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if form == "json" else text)
    handler.addFilter(HideSecrets())
    logging.basicConfig(handlers=[handler])
    logging.getLogger("user_stream").setLevel(level.upper())


@contextlib.contextmanager
def _metrics(host: str, port: int | None) -> Iterator[Observer | None]:
    """Serve metrics and give who takes them; None where no port was named."""
    if port is None:
        yield None
        return
    try:
        from user_stream.prometheus import PrometheusObserver, serve_metrics  # noqa: PLC0415  an extra
    except ModuleNotFoundError as error:
        raise click.ClickException(str(error)) from None
    with serve_metrics(port=port, host=host) as url:
        click.echo(f"metrics at {url}")
        yield PrometheusObserver()


main.add_command(journal)


# --- where to -----------------------------------------------------------------------------------------------------


def _place(environment: str, rest_url: str | None, ws_url: str | None) -> Environment:
    """Return the environment to follow; addresses may be given for a simulator only, and only on this machine."""
    given = [_address(url) for url in (rest_url, ws_url) if url]
    if not given:
        return ENVIRONMENTS[environment]
    if environment != "simulator":
        message = f"--rest-url and --ws-url are for a simulator: {environment} has fixed addresses"
        raise SettingsError(message)
    return Environment.simulator(f"http://{given[0]}", f"ws://{given[-1]}")


def _address(url: str) -> str:
    """Return HOST:PORT of a simulator's address."""
    found = ON_THIS_MACHINE.fullmatch(url)
    if found is None:
        message = f"{url!r} is no simulator on this machine: expected an address such as http://127.0.0.1:9010"
        raise SettingsError(message)
    return found["address"]


def _advice(place: Environment) -> str:
    if place.name == "simulator":
        return f"Is one running? `simulator serve --port {urlsplit(place.rest_url).port or 80}` starts one"
    return "Is the network up?"


# --- following ----------------------------------------------------------------------------------------------------


class CannotStartError(UserStreamError):
    """The exchange could not be reached, or not used, at the start."""


class Follower:
    """Prints what it is told, as order manager, risk engine and listener in one."""

    def __init__(self, console: Console, clock: LoopClock) -> None:
        self._console = console
        self._clock = clock
        self._was_live = False
        self.first_failure = ""
        """Why the stream could not be opened at the start. Once live, the service reconnects for ever."""

    def on_order_update(self, data: MappedOrderUpdate) -> None:
        """Print a step in an order's life."""
        self._show(order_line(data))

    def on_account_update(self, data: MappedAccountUpdate) -> None:
        """Print what changed in the account."""
        self._show(account_line(data, now_ms=self._clock.time_ms()))

    def on_notice(self, item: Event | Notice) -> None:
        """Print a notice, or an event that is neither an order's nor the account's."""
        if isinstance(item, Live):
            self._was_live = True
        if isinstance(item, Degraded) and not self._was_live:
            self.first_failure = item.cause
            return
        if isinstance(item, Stopped) and item.cause:
            return  # the command ends with it, on stderr
        line = notice_line(item, now_ms=self._clock.time_ms())
        if line is not None:
            self._show(line)

    def _show(self, line: Line) -> None:
        time, kind, text = print_form(line)
        words = Text.assemble((time, "dim"), "  ", (kind, STYLES[line.kind]), "  ", text)
        self._console.print(words, soft_wrap=True)


async def _follow(place: Environment, credentials: Credentials, settings: Settings, observer: Observer | None) -> None:
    """Follow the account until Ctrl-C or SIGTERM. Raises `UserStreamError` when that cannot begin, or not go on."""
    clock = LoopClock()
    follower = Follower(Console(highlight=False), clock)
    service = UserStreamService(
        credentials.api_key,
        credentials.api_secret,
        follower,
        follower,
        environment=place,
        settings=settings,
        clock=clock,
        observer=observer,
    )

    async def give_up_at_the_start(_: Event | Notice) -> None:
        if follower.first_failure:
            await service.stop()

    service.add_listener(follower.on_notice)
    service.add_listener(give_up_at_the_start)
    click.echo(f"{place.name} at {place.rest_url}, read-only: this command places no orders. Ctrl-C stops.")
    await _until_interrupted(service)
    if follower.first_failure:
        message = f"no stream from {place.name} at {place.rest_url}: {follower.first_failure}. {_advice(place)}"
        raise CannotStartError(message)


async def _until_interrupted(service: UserStreamService) -> None:
    following = asyncio.current_task()
    if following is not None and os.name == "posix":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, following.cancel)
    with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C cancels the main task, see asyncio.Runner
        await service.start()
