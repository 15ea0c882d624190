"""Whose request it is: the API key of each account, and by what its signatures are verified.

REST and the WebSocket API look into the same table, so that a key that is revoked is unknown to both at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.core.domain import AccountSpec

__all__ = ["ApiKeys"]


class ApiKeys:
    """`names` maps API keys to accounts, `signers` maps accounts to their secret or their public key (PEM)."""

    def __init__(self, accounts: Iterable[AccountSpec]) -> None:
        self._all = {spec.api_key: spec.name for spec in accounts}
        self.names = dict(self._all)
        self.signers = {spec.name: spec.public_key or spec.api_secret for spec in accounts}

    def revoke(self, account: str) -> None:
        """Let the account's API key be unknown from now on."""
        for api_key in [key for key, name in self.names.items() if name == account]:
            del self.names[api_key]

    def restore(self, account: str | None = None) -> None:
        """Let the account's API key (None: every one) be valid again."""
        self.names |= {key: name for key, name in self._all.items() if account in {None, name}}
