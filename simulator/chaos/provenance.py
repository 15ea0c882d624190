"""What a result is a result of: which code, on which Python, when."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import msgspec

__all__ = ["Provenance", "provenance"]


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where results come from."""

    date: str
    """UTC, to the second."""
    commit: str
    """Of the code in the current directory, with `-dirty` when it was changed since; "" outside of version control."""
    simulator: str
    """Its version."""
    python: str
    """Implementation and version: what is drawn and played is the same, to the byte, on the same one."""
    machine: str


def provenance() -> Provenance:
    """Return where results of this process come from."""
    return Provenance(
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        commit=_commit(),
        simulator=_version(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        machine=f"{platform.system()} {platform.machine()}",
    )


def _commit() -> str:
    command = ["git", "--no-optional-locks", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603  a fixed command
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""


def _version() -> str:
    try:
        return version("binance-user-stream")
    except PackageNotFoundError:
        return "not installed"
