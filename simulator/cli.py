"""The command `simulator`: `serve` an exchange, `run` a client against a scenario, `check` scenario files, try an
engine in the laboratory (`chaos`, `interleavings`).

Whatever cannot be done ends with one clear line on stderr and an exit code that is not 0. Exit codes: 0 as expected,
1 a scenario or its client failed or something could not be done, 2 the command line is wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

import click

from simulator.chaos.command import chaos
from simulator.chaos.interleavings_command import interleavings
from simulator.command_life import first_of, listening, one_line, report, stop_signal
from simulator.core.scenario.scenario import Scenario
from simulator.core.scenario.scenario_error import ScenarioError
from simulator.faults_command import faults
from simulator.runtime.script import load_scenario
from simulator.runtime.server import Simulator
from simulator.serve_command import serve

__all__ = ["main"]

PATIENCE_S: Final = 5.0
"""How long a client may take to end when it is asked to, in s."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A Binance USDⓈ-M futures exchange on this machine."""


main.add_command(serve)
main.add_command(chaos)
main.add_command(faults)
main.add_command(interleavings)


@main.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("file")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(file: str, command: tuple[str, ...]) -> None:
    """Run COMMAND, a client, against scenario FILE on a simulator of its own.

    The client finds it in its environment: SIMULATOR_REST_URL, SIMULATOR_WS_URL, SIMULATOR_API_KEY and
    SIMULATOR_API_SECRET. It is ended when the scenario ends. Exit code 0: the scenario passed, and the client did not
    fail by itself.
    """
    with one_line():
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


async def _run_client(simulator: Simulator, scenario: Scenario, command: Sequence[str]) -> int:
    stopped = stop_signal()
    async with listening(simulator):
        played = simulator.play(scenario)
        client = await asyncio.create_subprocess_exec(*command, env=os.environ | _client_environment(simulator))
        try:
            await first_of(client.wait(), played.finished(), stopped.wait())
            failed = client.returncode not in {None, 0}
        finally:
            await _end(client)
        if failed:
            click.echo(f"the client failed with exit code {client.returncode}", err=True)
        return report(played) or int(failed)


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
