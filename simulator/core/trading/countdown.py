"""The dead man's switch: unless a client sends its countdown again in time, its orders on the symbol are cancelled.

There is one countdown per account and symbol. Sending it again replaces it, 0 stops it, and when it has run down it is
over: it does not start again by itself.
"""

from __future__ import annotations

__all__ = ["Countdowns"]


class Countdowns:
    """The countdowns that run. Times are in ms."""

    def __init__(self) -> None:
        self._due_ms: dict[tuple[str, str], int] = {}

    def start(self, account: str, symbol: str, due_ms: int) -> None:
        """Let the account's countdown of a symbol run down at this time, and not at any other that was set."""
        self._due_ms[account, symbol] = due_ms

    def stop(self, account: str, symbol: str) -> None:
        """Stop the account's countdown of a symbol, if one runs."""
        self._due_ms.pop((account, symbol), None)

    def take_due(self, now_ms: int) -> list[tuple[str, str]]:
        """Return and end those that have run down, as account and symbol, the earliest first."""
        due = sorted((due_ms, key) for key, due_ms in self._due_ms.items() if due_ms <= now_ms)
        for _, key in due:
            del self._due_ms[key]
        return [key for _, key in due]

    def next_deadline_ms(self) -> int | None:
        """Return when the next one runs down, or None."""
        return min(self._due_ms.values()) if self._due_ms else None
