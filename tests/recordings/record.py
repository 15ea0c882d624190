"""Record the cassette again: `python -m tests.recordings.record`.

Needs nothing but this repository: the conversation is had with the simulator, on a virtual clock, so that the same
simulator gives the same cassette, byte for byte. It prints the sum that belongs into fixtures/index.toml.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from pathlib import Path
from typing import Final

from simulator import Simulator
from simulator.runtime.virtual_time import VirtualTimeLoop
from tests.recordings.tape import CASSETTES, Conversation, cassette_recorder, converse
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import LoopClock
from user_stream.settings import Environment

__all__ = ["CASSETTE", "record"]

CASSETTE: Final = CASSETTES / "order_life_on_the_simulator.yaml"
START_MS: Final = 1_790_000_000_000
HEAD: Final = """\
# Recorded from the simulator of this repository, not from Binance: it proves that redaction and replay work, and says
# nothing about the real exchange. Keys, signatures, timestamps and listen keys were replaced before it was written.
# Record again: python -m tests.recordings.record
"""


async def record(path: Path) -> Conversation:
    """Have the conversation with a simulator and write it to `path`, redacted."""
    async with Simulator(start_ms=START_MS) as sim:
        rest = BinanceRest(
            sim.account.api_key,
            sim.account.api_secret,
            environment=Environment.simulator(sim.rest_url, sim.ws_url),
            clock=LoopClock(start_ms=START_MS),
        )
        try:
            with cassette_recorder(record_mode="all").use_cassette(path):
                conversation = await converse(rest)
        finally:
            await rest.close()
    _write_head(path)
    return conversation


def _write_head(path: Path) -> None:
    path.write_text(HEAD + path.read_text())


def main() -> None:
    """Record the cassette of fixtures/cassettes."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(record(CASSETTE))
    sys.stdout.write(f'{CASSETTE}\nsha256 = "{hashlib.sha256(CASSETTE.read_bytes()).hexdigest()}"\n')


if __name__ == "__main__":
    main()
