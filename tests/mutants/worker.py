"""Plays seeds until one fails; run with a copy of the package in front of all others on the path.

A process of its own for each copy, because a package is imported once; it plays all of its seeds. What it finds it says
in lines of JSON. A mutant may also go round in circles without its clock going on: whoever waits for its next line is
told by the end of the process, after `_LONGEST_S`.
"""

from __future__ import annotations

import faulthandler
import importlib
import logging
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from simulator.chaos.result import Divergence
from simulator.chaos.world import run_seed

__all__ = ["Caught", "Playing", "Report", "Survived"]

_ENGINE: Final = "simulator.chaos.user_stream_engine"
_LONGEST_S: Final = 120.0
"""Of real time for one seed."""


class Playing(msgspec.Struct, frozen=True, tag=True):
    """This seed is about to be played."""

    seed: int


class Caught(msgspec.Struct, frozen=True, tag=True):
    """This seed failed, first in this."""

    seed: int
    divergence: Divergence


class Survived(msgspec.Struct, frozen=True, tag=True):
    """No seed failed."""


Report = Playing | Caught | Survived


def main(package: str, hours: str, *seeds: str) -> None:
    """Play seeds against the package in this directory, for so many hours each; stop at the first that fails."""
    logging.disable()
    engine = importlib.import_module(_ENGINE).UserStreamEngine
    found = Path(str(sys.modules["user_stream"].__file__)).resolve().parent
    if found != Path(package).resolve():
        message = f"the package that is tried should be {package}, and {found} was imported"
        raise RuntimeError(message)
    for report in _play(engine, float(hours), map(int, seeds)):
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
        sys.stdout.buffer.flush()


def _play(engine: type, hours: float, seeds: Iterable[int]) -> Iterable[Report]:
    for seed in seeds:
        yield Playing(seed)
        faulthandler.dump_traceback_later(_LONGEST_S, exit=True)
        result = run_seed(seed, hours, engine)
        faulthandler.cancel_dump_traceback_later()
        if result.divergences:
            yield Caught(seed, min(result.divergences, key=lambda divergence: divergence.at_ms))
            return
    yield Survived()


if __name__ == "__main__":
    main(*sys.argv[1:])
