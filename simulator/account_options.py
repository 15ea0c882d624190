"""Who may trade on a served exchange: accounts from the command line, from a file, with keys of the user's own.

Keys never stand on a command line, where every process of the machine can read them. Those of the default account may
stand in the environment, those of any number of accounts in a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import click
import msgspec

from simulator.core.domain import AccountSpec
from simulator.core.ids import identifier
from simulator.core.scenario.notation import Notation, complaint
from simulator.core.security.signatures import is_pem

__all__ = ["API_KEY", "API_SECRET", "read_accounts"]

API_KEY: Final = "SIMULATOR_API_KEY"
API_SECRET: Final = "SIMULATOR_API_SECRET"  # noqa: S105  the name of a variable


def read_accounts(
    more: Iterable[str], public_key: Path | None, file: Path | None, environment: Mapping[str, str]
) -> tuple[AccountSpec, ...]:
    """Return the accounts of the file, or else the default one, and those written as NAME:BALANCE.

    The default account has the keys of the environment, if there are any; those written as NAME:BALANCE have the same
    keys every time. Raises `click.ClickException` for what cannot be read.
    """
    first = _from_file(file) if file else [_default(_public_key(public_key), environment)]
    accounts = {spec.name: spec for spec in first}
    for text in more:
        spec = _named(text)
        if spec.name in accounts:
            message = f"--account {spec.name}: there is an account of this name already: give another"
            raise click.ClickException(message)
        accounts[spec.name] = spec
    return tuple(accounts.values())


def _default(public_key: str, environment: Mapping[str, str]) -> AccountSpec:
    key, secret = environment.get(API_KEY, ""), environment.get(API_SECRET, "")
    if bool(key) != bool(secret) and not public_key:
        message = f"{API_KEY} and {API_SECRET} belong together: set both, or neither"
        raise click.ClickException(message)
    spec = AccountSpec(public_key=public_key)
    return AccountSpec(api_key=key or spec.api_key, api_secret=secret or spec.api_secret, public_key=public_key)


def _from_file(path: Path) -> list[AccountSpec]:
    example = '[{"name": "a", "api_key": "...", "api_secret": "...", "balance": "10000"}]'
    try:
        accounts = msgspec.json.decode(path.read_bytes(), type=list[AccountSpec])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"--accounts {path}: {error}: expected a list such as {example}"
        raise click.ClickException(message) from None
    names = [spec.name for spec in accounts]
    if not names or len(set(names)) < len(names):
        message = f"--accounts {path}: expected at least one account, each with a name of its own"
        raise click.ClickException(message)
    return accounts


def _named(text: str) -> AccountSpec:
    name, colon, balance = text.partition(":")
    if not (name and colon and _is_amount(balance)):
        message = f"--account {text!r} is not NAME:BALANCE, such as alice:10000"
        raise click.ClickException(message)
    key, secret = identifier(64, "api key", name), identifier(64, "api secret", name)
    return AccountSpec(name=name, api_key=key, api_secret=secret, balance=balance)


def _public_key(path: Path | None) -> str:
    if path is None:
        return ""
    text = path.read_text(errors="replace")
    if not is_pem(text):
        message = f"--public-key {path} holds no PEM text (-----BEGIN PUBLIC KEY-----)"
        raise click.ClickException(message)
    return text


def _is_amount(text: str) -> bool:
    return not text.startswith("-") and not complaint(Notation.DECIMAL, text)
