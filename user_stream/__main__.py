"""`python -m user_stream` is the command `user-stream`."""

from __future__ import annotations

import io
import sys

from user_stream.cli import main


def run() -> None:
    """Run the command. A terminal that cannot show a character gets a question mark for it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    main(prog_name="user-stream")


if __name__ == "__main__":
    run()
