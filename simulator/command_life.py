"""The life of a command: it listens, waits for what ends it, and says in one line what went wrong."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, Final

import click

from simulator.errors import SimulatorError
from simulator.runtime.script import ScenarioRun
from simulator.runtime.server import Simulator

__all__ = ["first_of", "listening", "one_line", "report", "stop_signal"]

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextlib.asynccontextmanager
async def listening(simulator: Simulator) -> AsyncIterator[None]:
    """Run the simulator for as long as the block."""
    try:
        await simulator.start()
    except OSError as error:
        message = f"cannot listen on {simulator.host}, port {simulator.port}: {error.strerror or error}"
        raise click.ClickException(message) from error
    try:
        yield
    finally:
        await simulator.stop()


def stop_signal() -> asyncio.Event:
    """Return an event that is set by Ctrl-C or SIGTERM. Those after the first are held back: the end is near."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    return stopped


async def first_of(*waits: Coroutine[Any, Any, object]) -> None:
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
def one_line() -> Iterator[None]:
    """Turn what the user can mend into its message, without a traceback."""
    try:
        yield
    except SimulatorError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{about}{error.strerror or error}") from error


def report(played: ScenarioRun) -> int:
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
