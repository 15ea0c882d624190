"""An account's key and secret: from the environment, or from a file that nobody else can read.

Never from a command line, which every user of the machine can list. Each environment has its own names, so that a key
of one is never sent to another:

    mainnet      BINANCE_API_KEY             BINANCE_API_SECRET
    testnet      BINANCE_TESTNET_API_KEY     BINANCE_TESTNET_API_SECRET
    simulator    BINANCE_SIMULATOR_API_KEY   BINANCE_SIMULATOR_API_SECRET (default: its documented default account)

An account with an RSA or Ed25519 key has BINANCE[_TESTNET|_SIMULATOR]_PRIVATE_KEY_FILE instead of the secret, the path
of the PEM file, and ..._PRIVATE_KEY_PASSPHRASE if that is encrypted. The PEM text may also stand where the secret
would. Paths in a keys file start at its folder.

No message of this module quotes a value.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from user_stream.core.private_keys import is_pem, open_private_key, unlock_private_key
from user_stream.errors import SettingsError, UserStreamError

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
    """The key of one account, and its secret or its private key as PEM text; neither shows in `repr`."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where values were found, under the names of one environment. `folder`: where paths in it start."""

    prefix: str
    values: Mapping[str, str] = field(repr=False)
    place: str
    advice: str
    folder: Path

    def name(self, of: str) -> str:
        return f"{self.prefix}_{of}"

    def value(self, of: str) -> str:
        return self.values.get(self.name(of), "").strip()


def credentials_from_variables(
    environment: str, variables: Mapping[str, str], *, private_key: Path | None = None
) -> Credentials:
    """Return what `variables` (`os.environ`) hold for the environment "mainnet", "testnet" or "simulator".

    `private_key`, a PEM file, replaces secret and private key there. Raises `CredentialsError`, naming what is missing
    or wrong.
    """
    prefix = _PREFIXES[environment]
    if environment == "simulator" and not any(_are_set(prefix, variables)):
        variables = _DOCUMENTED
    source = _Source(prefix, variables, "in the environment", "set there, or in a keys file", Path())
    return _credentials(source, private_key)


def credentials_from_file(environment: str, path: Path, *, private_key: Path | None = None) -> Credentials:
    """Return what the file's NAME=VALUE lines hold for the environment; empty lines and `#` comments are skipped.

    `private_key`, a PEM file, replaces secret and private key there. Raises `CredentialsError` when a file cannot be
    read, can be read by others, or lacks a name.
    """
    source = _Source(_PREFIXES[environment], _assignments(path), f"in {path}", "added as lines NAME=VALUE", path.parent)
    return _credentials(source, private_key)


def _are_set(prefix: str, variables: Mapping[str, str]) -> list[bool]:
    return [bool(variables.get(f"{prefix}_{of}", "").strip()) for of in ("API_KEY", "API_SECRET", "PRIVATE_KEY_FILE")]


def _credentials(source: _Source, private_key: Path | None) -> Credentials:
    named = source.value("PRIVATE_KEY_FILE")
    if private_key is None and named:
        if source.value("API_SECRET"):
            message = (
                f"both {source.name('API_SECRET')} and {source.name('PRIVATE_KEY_FILE')} {source.place}: "
                "an account has one of them"
            )
            raise CredentialsError(message)
        private_key = source.folder / Path(named).expanduser()
    if private_key is None:
        _require(source, "API_KEY", "API_SECRET")
        return Credentials(_plain(source, "API_KEY"), _secret(source))
    _require(source, "API_KEY")
    return Credentials(_plain(source, "API_KEY"), _private_key(source, private_key))


def _require(source: _Source, *names: str) -> None:
    missing = [source.name(of) for of in names if not source.value(of)]
    if missing:
        message = f"missing {source.place}: {', '.join(missing)} (to be {source.advice})"
        raise CredentialsError(message)


def _plain(source: _Source, of: str) -> str:
    value = source.value(of)
    if not value.isascii() or not value.isprintable() or " " in value:
        message = f"{source.name(of)} has characters that no key has (blanks, line breaks, accents): copy it again"
        raise CredentialsError(message)
    return value


def _secret(source: _Source) -> str:
    value = source.value("API_SECRET")
    return _opened(source, value, source.name("API_SECRET")) if is_pem(value) else _plain(source, "API_SECRET")


def _private_key(source: _Source, path: Path) -> str:
    text = _read(path, "private key file")
    if not is_pem(text):
        message = f"the private key file {path} holds no PEM text (-----BEGIN PRIVATE KEY-----)"
        raise CredentialsError(message)
    return _opened(source, text, f"the private key file {path}")


def _opened(source: _Source, pem: str, where: str) -> str:
    """Return the private key without its passphrase, once it is sure that it can sign."""
    passphrase = source.value("PRIVATE_KEY_PASSPHRASE")
    try:
        key = unlock_private_key(pem, passphrase) if passphrase else pem
        open_private_key(key)
    except SettingsError as error:
        message = f"{where}: {error}"
    else:
        return key
    raise CredentialsError(message)


def _assignments(path: Path) -> dict[str, str]:
    lines = _read(path, "keys file").splitlines()
    return dict(_assignment(path, number, line) for number, line in enumerate(lines, 1) if _says_something(line))


def _read(path: Path, kind: str) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            _refuse_if_others_can_read(path, kind, os.fstat(file.fileno()).st_mode)
            return file.read()
    except OSError as error:
        message = f"the {kind} {path} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        message = f"the {kind} {path} is not text"
    raise CredentialsError(message)


def _refuse_if_others_can_read(path: Path, kind: str, mode: int) -> None:
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"the {kind} {path} is open to other users of this machine: run `chmod 600 {path}`"
        raise CredentialsError(message)


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _assignment(path: Path, number: int, line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals or not name.strip():
        message = f"{path}:{number}: expected NAME=VALUE"
        raise CredentialsError(message)
    return name.strip(), value.strip()
