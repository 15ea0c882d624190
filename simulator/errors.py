"""What can go wrong for whoever runs the simulator. What a client of the exchange is told is a `VenueError`.

```
SimulatorError
├── ConfigurationError      accounts, symbols or terms that cannot be
├── PortInUseError          another program listens there
├── NotRunningError         start the simulator first
├── UnknownAccountError     no such account
├── UnknownSymbolError      no such symbol; names the nearest
├── UnknownOrderError       no such order
├── UnknownPathError        no query has this path; names the nearest
├── OrderNotOpenError       the order has ended, or has less left than was asked
├── NoPositionError         the account has no such position
├── BadAmountError          not a decimal number, or not a possible one
├── BadClockError           no time can pass so, or so fast
├── BadPathError            no price path is written so
├── BadStatusError          no order ends so, no symbol is so
├── BadFrameError           no frame can carry this
├── BadFaultError           no fault rule can be so; says everything that is wrong in it
└── NoListenKeyError        the account has no living listen key
```
"""

from __future__ import annotations

import difflib
from collections.abc import Collection

__all__ = [
    "BadAmountError",
    "BadClockError",
    "BadFaultError",
    "BadFrameError",
    "BadPathError",
    "BadStatusError",
    "ConfigurationError",
    "NoListenKeyError",
    "NoPositionError",
    "NotRunningError",
    "OrderNotOpenError",
    "PortInUseError",
    "SimulatorError",
    "UnknownAccountError",
    "UnknownOrderError",
    "UnknownPathError",
    "UnknownSymbolError",
]


class SimulatorError(Exception):
    """The simulator was asked for something that it cannot do. The message is one line and says what to do instead."""


class ConfigurationError(SimulatorError):
    """No market can be opened with these accounts, symbols and terms."""


class PortInUseError(SimulatorError):
    """Another program listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        super().__init__(
            f"port {port} on {host} is in use: stop what listens there, or choose another port (0: any free one)"
        )


class NotRunningError(SimulatorError):
    """The simulator has no URL and no clock before it was started."""

    def __init__(self) -> None:
        super().__init__("the simulator is not running: use `async with Simulator() as sim:` or `await sim.start()`")


class UnknownAccountError(SimulatorError):
    """The simulator has no account of this name."""

    def __init__(self, name: str, known: Collection[str]) -> None:
        self.name = name
        super().__init__(f"unknown account {name!r}{_choices(name, known)}")


class UnknownSymbolError(SimulatorError):
    """The market has no symbol of this name."""

    def __init__(self, symbol: str, known: Collection[str]) -> None:
        self.symbol = symbol
        super().__init__(f"unknown symbol {symbol!r}{_choices(symbol, known)}")


class UnknownOrderError(SimulatorError):
    """The account has no order with this client order id or order id."""

    def __init__(self, order: object, account: str) -> None:
        self.order = order
        super().__init__(f"account {account!r} has no order {order!r}: give its client order id or its order id")


class UnknownPathError(SimulatorError):
    """No query is answered at this path."""

    def __init__(self, path: str, known: Collection[str]) -> None:
        self.path = path
        super().__init__(f"no query has the path {path!r}{_choices(path, known)}")


class OrderNotOpenError(SimulatorError):
    """The order cannot be filled, cancelled or expired: it has ended, or less of it remains."""

    def __init__(self, order_id: int, reason: str) -> None:
        self.order_id = order_id
        super().__init__(f"order {order_id} {reason}")


class BadAmountError(SimulatorError):
    """An amount is no decimal, or cannot be: a price or a quantity has to be positive."""

    def __init__(self, amount: object, expected: str = "a decimal number such as 0.010, as text or Decimal") -> None:
        self.amount = amount
        super().__init__(f"expected {expected}, got {str(amount)!r}")


class BadClockError(SimulatorError):
    """Time cannot pass so: a span or a pace that is none."""


class BadPathError(SimulatorError):
    """A price path is written as none is."""

    def __init__(
        self,
        path: object,
        expected: str = "constant:65000, steps:every=5s,65000,65100, walk:every=1s,by=0.05,seed=7 or file:prices.csv",
    ) -> None:
        self.path = path
        super().__init__(f"expected a price path such as {expected}, got {str(path)!r}")


class BadStatusError(SimulatorError):
    """No order can end, and no symbol can be, with this status."""

    def __init__(self, status: str, known: Collection[str]) -> None:
        self.status = status
        super().__init__(f"expected one of {', '.join(known)}, got {status!r}")


class BadFrameError(SimulatorError):
    """A WebSocket frame cannot carry what it was to carry."""


class BadFaultError(SimulatorError):
    """A fault rule cannot be as it is written. The message has one line per mistake; mend them all."""

    def __init__(self, mistakes: Collection[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


class NoListenKeyError(SimulatorError):
    """The account has no listen key that could end."""

    def __init__(self, account: str) -> None:
        super().__init__(f"account {account!r} has no living listen key: POST /fapi/v1/listenKey makes one")


class NoPositionError(SimulatorError):
    """The account has no position of this symbol, or of this side, or has one on each side and none was named."""

    def __init__(self, symbol: str, reason: str) -> None:
        self.symbol = symbol
        super().__init__(f"{symbol}: {reason}")


def _choices(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name.upper(), known, n=3) or difflib.get_close_matches(name, known, n=3)
    if near:
        return f": did you mean {' or '.join(near)}?"
    return f": there are {', '.join(sorted(known)[:5])}{', …' if len(known) > 5 else ''}"
