"""The command `user-stream journal`: `show` a journal to a person, `export` it to programs or to the simulator.

Both only read, also while a service is writing the journal. Neither needs keys, and there are none in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from user_stream.core.journal_export import KeptFrame, frame_line, intent_line, scenario_lines, told_line
from user_stream.errors import JournalError
from user_stream.narration import Line, order_line, print_form
from user_stream.runtime.clock import LoopClock
from user_stream.runtime.journal_reader import JournalReader, Overview, reading

__all__ = ["journal"]

_AGO: Final = re.compile(r"(?P<amount>\d+)(?P<unit>[smhd])")
_UNIT_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SHOWN: Final = 160


def _read_moment(_: click.Context, __: click.Parameter, text: str | None) -> int:
    """Read `30m` (ago) or `2026-11-22T14:00` (UTC, unless it says otherwise); return ms since 1970."""
    if text is None:
        return 0
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return LoopClock().time_ms() - int(ago["amount"]) * _UNIT_MS[ago["unit"]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is neither how long ago (30m, 2h, 7d) nor a time (2026-11-22T14:00)"
        raise click.BadParameter(message) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


SINCE = click.option(
    "--since",
    "since_ms",
    metavar="MOMENT",
    callback=_read_moment,
    help="Only what came since then: 30m, 2h, 7d ago, or a time (UTC).",
)
PATH = click.argument("path", type=click.Path(path_type=Path))


@click.group()
def journal() -> None:
    """Look into the journal of a service, running or not."""


@journal.command()
@PATH
@click.option("--orders", "what", flag_value="orders", help="Everything that the engine was told.")
@click.option("--frames", "what", flag_value="frames", help="Every frame that the stream brought.")
@SINCE
def show(*, path: Path, what: str | None, since_ms: int) -> None:
    """Show what is in the journal at PATH: at a glance, or line by line."""
    console = Console(highlight=False)
    with _open(path) as reader:
        if what == "orders":
            _show_orders(console, reader, since_ms)
        elif what == "frames":
            _show_frames(console, reader, since_ms)
        else:
            console.print(_table(reader.overview()))


@journal.command()
@PATH
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "scenario"]),
    default="jsonl",
    show_default=True,
    help="JSON lines of everything, or a scenario file that plays the frames: `simulator serve --scenario FILE`.",
)
@SINCE
def export(*, path: Path, form: str, since_ms: int) -> None:
    """Write the journal at PATH to stdout."""
    with _open(path) as reader:
        wrote = False
        for line in _json_lines(reader, since_ms) if form == "jsonl" else _scenario(reader, path, since_ms):
            click.echo(line)
            wrote = True
    if form == "scenario" and not wrote:
        message = f"{path} has no frames to play"
        raise click.ClickException(message)


@contextmanager
def _open(path: Path) -> Iterator[JournalReader]:
    try:
        with reading(path) as reader:
            yield reader
    except JournalError as error:
        raise click.ClickException(str(error)) from error
    if reader.unreadable:
        click.echo(f"{reader.unreadable} rows were left out: they are not as they were written", err=True)


# --- show ---------------------------------------------------------------------------------------------------------


def _table(found: Overview) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("account", f"{found.account} (a fingerprint of its API key)"),
        ("orders", f"{found.open_orders} open, {found.ended_orders} ended"),
        ("told", f"{found.told} deliveries and details, the next delivery is {found.progress.next_delivery_id}"),
        ("in flight", ", ".join(intent.client_order_id for intent in found.intents) or "nothing"),
        ("everything known until", _moment(found.progress.watermark or None)),
        ("frames", f"{found.frames}, from {_moment(found.first_frame_ms)} to {_moment(found.last_frame_ms)}"),
    ):
        table.add_row(Text(name, style="dim"), Text(print_form(Line(0, "event", value))[2]))
    return table


def _moment(time_ms: int | None) -> str:
    if time_ms is None:
        return "-"
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(sep=" ", timespec="milliseconds")


def _show_orders(console: Console, reader: JournalReader, since_ms: int) -> None:
    for row, acknowledged in reader.told(since_ms=since_ms):
        line = order_line(row.told.update)
        number = str(row.told.update["delivery_id"]) if row.told.kind == "delivery" else row.told.kind
        owed = "" if acknowledged else "  (not acknowledged)"
        _print(console, number, Line(row.written_ms, line.kind, line.text + owed))


def _show_frames(console: Console, reader: JournalReader, since_ms: int) -> None:
    for kept in reader.frames(since_ms=since_ms):
        text = kept.text if len(kept.text) <= _SHOWN else f"{kept.text[:_SHOWN]}..."
        _print(console, f"#{kept.epoch}", Line(kept.received_ms, "event", f"{kept.event_type:<20} {text}"))


def _print(console: Console, number: str, line: Line) -> None:
    _, kind, text = print_form(line)
    words = Text.assemble((f"{number:>7}  {_moment(line.time_ms)}", "dim"), "  ", f"{kind}  {text}")
    console.print(words, soft_wrap=True)


# --- export -------------------------------------------------------------------------------------------------------


def _json_lines(reader: JournalReader, since_ms: int) -> Iterator[str]:
    yield from (intent_line(intent) for intent in reader.intents())
    for item in reader.history(since_ms=since_ms):
        yield frame_line(item) if isinstance(item, KeptFrame) else told_line(item[0], acknowledged=item[1])


def _scenario(reader: JournalReader, path: Path, since_ms: int) -> Iterator[str]:
    about = f"The frames that {path.name} kept, at the distances at which they came."
    return scenario_lines(reader.frames(since_ms=since_ms), about=about)
