"""What has been run of a campaign, in a file of JSON lines: killed at any moment, it goes on where it was.

The first line says what is tried: commit, engine, hours, Python, and the first seed. Each further line is a run that
has ended, written at once. A result counts for the code that it was got with, so the file is not gone on with by
another commit, engine, length or Python, unless that is forced; then a line with the new terms follows, and the report
names both. A last line that was not written to its end is taken away.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import msgspec

from simulator.chaos.result import RunResult
from simulator.errors import SimulatorError

__all__ = ["CampaignFile", "CampaignFileError", "Terms"]


_BEGINNINGS: Final = (b'{"campaign"', b'{"result"')


class CampaignFileError(SimulatorError):
    """The file cannot be gone on with. The message says why, and what to do."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a result is a result of."""

    commit: str
    """Of the code in the current directory; "" outside of version control."""
    engine: str
    hours: float
    python: str
    first: int
    """The first seed: a campaign that goes on takes the same ones."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    campaign: Terms | None = None
    result: RunResult | None = None


class CampaignFile:
    """The file, open for one campaign at a time."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it. Raises `CampaignFileError` when it is something else, or in use; `OSError`."""
        self.path = path
        self.terms: list[Terms] = []
        """All under which there are results, the last one last."""
        self.results: list[RunResult] = []
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
        try:
            self._lock()
            self._read()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._file.close()

    def refuse_others(self, terms: Terms) -> None:
        """Raise `CampaignFileError` if there are results under other terms than these. The seeds may be others."""
        if not self.terms:
            return
        for name in ("commit", "engine", "hours", "python"):
            before, now = getattr(self.terms[-1], name), getattr(terms, name)
            if before != now:
                message = (
                    f"{self.path} holds results of {name} {before or 'unknown'}, and this is {now or 'unknown'}: "
                    "name another file, or go on all the same with --force"
                )
                raise CampaignFileError(message)

    def begin(self, terms: Terms) -> None:
        """Go on under these terms."""
        if not self.terms or self.terms[-1] != terms:
            self._append(_Line(campaign=terms))
            self.terms.append(terms)

    def add(self, result: RunResult) -> None:
        """Keep a result, for good once this returns."""
        self._append(_Line(result=result))
        self.results.append(result)

    def _append(self, line: _Line) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"{self.path} is in use by another campaign"
            raise CampaignFileError(message) from error

    def _read(self) -> None:
        end = 0
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n") and _is_begun(line, after_others=number > 1):
                break
            end += len(line)
            with self._told(number):
                read = msgspec.json.decode(line, type=_Line)
                self.terms += [read.campaign] if read.campaign else []
                self.results += [read.result] if read.result else []
        if self.results and not self.terms:
            message = f"{self.path} does not say what its results are of"
            raise CampaignFileError(message)
        self._file.seek(end)
        self._file.truncate()

    @contextmanager
    def _told(self, number: int) -> Iterator[None]:
        try:
            yield
        except msgspec.DecodeError as error:
            message = f"{self.path}:{number}: no line of a campaign: {error}"
            raise CampaignFileError(message) from error


def _is_begun(line: bytes, *, after_others: bool) -> bool:
    """Say whether this is the beginning of one of our lines; of a file that has none, it has to be sure."""
    return line.startswith(_BEGINNINGS) or (after_others and any(known.startswith(line) for known in _BEGINNINGS))
