"""An account's key and secret: from the environment, or from a file that nobody else can read.

Never from a command line, which every user of the machine can list. Each environment has its own pair of names, so
that a key of one is never sent to another:

    mainnet      BINANCE_API_KEY             BINANCE_API_SECRET
    testnet      BINANCE_TESTNET_API_KEY     BINANCE_TESTNET_API_SECRET
    simulator    BINANCE_SIMULATOR_API_KEY   BINANCE_SIMULATOR_API_SECRET (default: its documented default account)

No message of this module quotes a value.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from user_stream.errors import UserStreamError

__all__ = ["Credentials", "CredentialsError", "credentials_from_file", "credentials_from_variables"]

_PREFIXES: Final = {"mainnet": "BINANCE", "testnet": "BINANCE_TESTNET", "simulator": "BINANCE_SIMULATOR"}
_DOCUMENTED: Final = {
    "BINANCE_SIMULATOR_API_KEY": "simulatorDefaultAccountApiKey00000000000000000000000000000000001",
    "BINANCE_SIMULATOR_API_SECRET": "simulatorDefaultAccountApiSecret00000000000000000000000000000001",
}
"""The simulator's default account. These open nothing but a simulator."""


class CredentialsError(UserStreamError):
    """A key or a secret is missing, or is kept where others can read it. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The key and the secret of one account; neither shows in `repr`."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)


def credentials_from_variables(environment: str, variables: Mapping[str, str]) -> Credentials:
    """Return what `variables` (`os.environ`) hold for the environment "mainnet", "testnet" or "simulator".

    Raises `CredentialsError`, naming what is missing.
    """
    names = _names(environment)
    if environment == "simulator" and not any(variables.get(name, "").strip() for name in names):
        variables = _DOCUMENTED
    return _pick(names, variables, "in the environment", "set there, or in a keys file")


def credentials_from_file(environment: str, path: Path) -> Credentials:
    """Return what the file's NAME=VALUE lines hold for the environment; empty lines and `#` comments are skipped.

    Raises `CredentialsError` when the file cannot be read, can be read by others, or lacks a name.
    """
    return _pick(_names(environment), _read(path), f"in {path}", "added as lines NAME=VALUE")


def _names(environment: str) -> tuple[str, str]:
    prefix = _PREFIXES[environment]
    return f"{prefix}_API_KEY", f"{prefix}_API_SECRET"


def _pick(names: tuple[str, str], values: Mapping[str, str], where: str, advice: str) -> Credentials:
    key, secret = (values.get(name, "").strip() for name in names)
    missing = [name for name, value in zip(names, (key, secret), strict=True) if not value]
    if missing:
        message = f"missing {where}: {', '.join(missing)} (to be {advice})"
        raise CredentialsError(message)
    for name, value in zip(names, (key, secret), strict=True):
        if not value.isascii() or not value.isprintable() or " " in value:
            message = f"{name} has characters that no key has (blanks, line breaks, accents): copy it again"
            raise CredentialsError(message)
    return Credentials(key, secret)


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8") as file:
            _refuse_if_others_can_read(path, os.fstat(file.fileno()).st_mode)
            lines = file.read().splitlines()
    except OSError as error:
        message = f"the keys file {path} cannot be read: {error.strerror}"
        raise CredentialsError(message) from None
    except UnicodeDecodeError:
        message = f"the keys file {path} is not text"
        raise CredentialsError(message) from None
    return dict(_assignment(path, number, line) for number, line in enumerate(lines, 1) if _says_something(line))


def _refuse_if_others_can_read(path: Path, mode: int) -> None:
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"the keys file {path} is open to other users of this machine: run `chmod 600 {path}`"
        raise CredentialsError(message)


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _assignment(path: Path, number: int, line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals or not name.strip():
        message = f"{path}:{number}: expected NAME=VALUE"
        raise CredentialsError(message)
    return name.strip(), value.strip()
