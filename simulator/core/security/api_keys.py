"""Whose request it is: the API key of each account, and by what its signatures are verified.

REST and the WebSocket API look into the same table, so that a key that is revoked is unknown to both at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.core.domain import AccountSpec, ApiKey
from simulator.core.journal import mask

__all__ = ["ApiKeys"]


class ApiKeys:
    """`names` maps API keys to accounts, `signers` maps API keys to their secret or their public key (PEM)."""

    def __init__(self, accounts: Iterable[AccountSpec]) -> None:
        owned = [(key, spec) for spec in accounts for key in spec.keys]
        self._all = {key.api_key: spec.name for key, spec in owned}
        self.names = dict(self._all)
        self.signers = {key.api_key: key.public_key or key.api_secret for key, _ in owned}
        self.signers_by_name = {_shown(key, spec): self.signers[key.api_key] for key, spec in owned}
        """The same by what may be told of whose they are, for a diagnosis."""

    def revoke(self, account: str) -> None:
        """Let the account's API keys be unknown from now on."""
        for api_key in [key for key, name in self.names.items() if name == account]:
            del self.names[api_key]

    def restore(self, account: str | None = None) -> None:
        """Let the account's API key (None: every one) be valid again."""
        self.names |= {key: name for key, name in self._all.items() if account in {None, name}}


def _shown(key: ApiKey, spec: AccountSpec) -> str:
    return spec.name if key.api_key == spec.api_key else f"{spec.name}, key {mask(key.api_key)}"
