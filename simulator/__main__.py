"""`python -m simulator` is the command `simulator`."""

from __future__ import annotations

import io
import sys

from simulator.cli import main


def run() -> None:
    """Run the command. A terminal that cannot show a character gets a question mark for it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    main(prog_name="simulator")


if __name__ == "__main__":
    run()
