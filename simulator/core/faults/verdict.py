"""What can befall one thing that a fault rule sees: every verdict as data, and which thing can suffer which.

| verdict             | request | response | frame | handshake | ping | connection | what becomes of it             |
|---------------------|---------|----------|-------|-----------|------|------------|--------------------------------|
| `Pass`              | x       | x        | x     | x         | x    | x          | nothing; no later rule sees it |
| `Delay`             | x       | x        | x     | x         | x    |            | it is late                     |
| `Drop`              | x       | x        | x     | x         | x    |            | it never happens               |
| `Respond`           | x       | x        |       | x         |      |            | this is answered instead       |
| `RefuseThenAccept`  | x       |          |       | x         |      |            | the first few are refused      |
| `ExecuteThen`       | x       |          |       |           |      |            | executed, the answer lost      |
| `ExecuteThenReset`  | x       |          |       |           |      |            | executed, the connection reset |
| `Corrupt`           |         | x        | x     |           |      |            | it arrives spoilt              |
| `Duplicate`         |         |          | x     |           |      |            | it comes twice                 |
| `Hold`              |         |          | x     |           |      |            | it waits for a release         |
| `Reorder`           |         |          | x     |           |      |            | others overtake it             |
| `Lag`               | x       |          |       |           |      |            | a query sees the past          |
| `Skew`              | x       |          |       |           |      |            | the server's clock is wrong    |
| `Close`, `Reset`, `HalfOpen`, `Stall`, `Drip`, `Throttle` | x | x | x | x | x | x | its connection suffers it |
| `Silence`           |         |          | x     |           | x    | x          | its stream falls silent        |

A request is seen before it is executed, a response when the answer is known, a frame on its way to one connection, a
handshake before it is answered, a connection as soon as it is open. Of pings both kinds are seen: the exchange's own
(`event` "sent"), and those of a client that wait for their pong ("received"). The connection of a request, a response
or a handshake is the TCP connection that it came on.

`Lag` and `Skew` are conditions rather than fates: while their rule holds, the requests that it fits see a lagging
database or a wrong clock, and go on to whatever another rule decides about them. Nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from simulator.core.faults.corruption import Corrupt

__all__ = [
    "CONDITIONS",
    "SIGHTS",
    "TAKES",
    "VERDICTS",
    "Close",
    "Corrupt",
    "Delay",
    "Drip",
    "Drop",
    "Duplicate",
    "ExecuteThen",
    "ExecuteThenReset",
    "HalfOpen",
    "Hold",
    "Lag",
    "Pass",
    "RefuseThenAccept",
    "Reorder",
    "Reset",
    "Respond",
    "Silence",
    "Skew",
    "Stall",
    "Throttle",
    "Verdict",
    "What",
]

What: TypeAlias = Literal["request", "response", "frame", "handshake", "ping", "connection"]
"""What a rule sees."""

SIGHTS: Final[tuple[What, ...]] = get_args(What)


class Pass(msgspec.Struct, frozen=True):
    """Let it be. What follows this rule never sees it: an exception from a broader rule that was installed later."""


class Delay(msgspec.Struct, frozen=True):
    """Let it happen later. A request waits before it is executed; inside `ExecuteThen`, between that and its answer."""

    seconds: float


class Drop(msgspec.Struct, frozen=True):
    """Let it never happen: no execution, no answer, no frame, no ping. The connection stays as it is."""


class Duplicate(msgspec.Struct, frozen=True):
    """Send the frame, and send it again `after_s` seconds later, whatever was sent in between."""

    after_s: float = 0.0


class Hold(msgspec.Struct, frozen=True):
    """Keep the frame, and with it every later one of its type, until the rule is released."""


class Reorder(msgspec.Struct, frozen=True):
    """Send the frame after the next `past` frames of its connection: those of its own type, or of any other.

    Binance promises the order within a type; across types it promises nothing. If too few follow, the frame is sent
    `patience_s` seconds late.
    """

    past: int = 1
    of: Literal["its_type", "other_types"] = "other_types"
    patience_s: float = 5.0


class Respond(msgspec.Struct, frozen=True, omit_defaults=True):
    """Answer with this HTTP status: Binance's `{"code", "msg"}`, or `body` as it is (JSON data, or text for HTML).

    403 and 404 without code, message and body are the pages that stand before the exchange.
    """

    status: int
    code: int = 0
    message: str = ""
    body: object = None
    headers: Mapping[str, str] = {}


class RefuseThenAccept(msgspec.Struct, frozen=True, omit_defaults=True):
    """Refuse the first `times` with this HTTP status, and let all others through: the rule is used up then."""

    status: int
    times: int = 1
    code: int = 0
    message: str = ""


class Reset(msgspec.Struct, frozen=True, omit_defaults=True):
    """Reset the TCP connection: a request is not executed. Of a response, `sent` says how much goes out before."""

    sent: Literal["nothing", "half"] = "nothing"


class Close(msgspec.Struct, frozen=True, omit_defaults=True):
    """Close the connection: a WebSocket with a close frame of this code; with no code, TCP ends without a word."""

    code: int | None = None
    reason: str = ""


class HalfOpen(msgspec.Struct, frozen=True):
    """Leave the connection half-open: nothing is read, answered or sent on it any more, and nothing ever closes it."""


class Stall(msgspec.Struct, frozen=True):
    """Read nothing from the client for so long; None: never again. What is sent still goes out."""

    seconds: float | None = None


class Drip(msgspec.Struct, frozen=True):
    """Send everything on this connection byte by byte, so many in a second: frames and answers arrive in pieces."""

    bytes_per_s: int


class Throttle(msgspec.Struct, frozen=True):
    """Let no more than so many bytes a second through on this connection, in each direction; what is more waits."""

    bytes_per_s: int


class Silence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Send no event on the stream any more, while pings are answered; and control messages only if `control` says."""

    control: Literal["answered", "unanswered"] = "unanswered"


class ExecuteThen(msgspec.Struct, frozen=True):
    """Execute, with all events, then do this instead of giving the true answer. `Drop`: it is never answered."""

    verdict: Respond | Reset | Delay | Drop | Close | HalfOpen


class ExecuteThenReset(msgspec.Struct, frozen=True):
    """Execute, with all events, then reset the TCP connection: the answer is lost."""


class Lag(msgspec.Struct, frozen=True, omit_defaults=True):
    """Answer queries as the exchange was so many seconds ago: those of orders and trades, of positions and balances.

    Of "alternating" replicas, the one that lags answers the first, third, ... query of a path, the other one is fresh.
    """

    orders_s: float = 0.0
    account_s: float = 0.0
    replicas: Literal["one", "alternating"] = "one"


class Skew(msgspec.Struct, frozen=True):
    """Tell the time so many seconds ahead (or behind, below 0): in `/time`, in `Date`, and where timestamps are judged.

    Events keep the true time.
    """

    seconds: float


Verdict: TypeAlias = (
    Pass | Delay | Drop | Duplicate | Hold | Reorder | Corrupt | Respond | RefuseThenAccept | ExecuteThen
    | ExecuteThenReset | Close | Reset | HalfOpen | Stall | Drip | Throttle | Silence | Lag | Skew
)  # fmt: skip

CONDITIONS: Final = (Lag, Skew)
"""What holds for a request whatever else becomes of it."""

_ANYWHERE: Final[tuple[type[Verdict], ...]] = (Pass, Close, Reset, HalfOpen, Stall, Drip, Throttle)

TAKES: Final[Mapping[What, tuple[type[Verdict], ...]]] = {
    "request": (*_ANYWHERE, Delay, Drop, Respond, RefuseThenAccept, ExecuteThen, ExecuteThenReset, Lag, Skew),
    "response": (*_ANYWHERE, Delay, Drop, Respond, Corrupt),
    "frame": (*_ANYWHERE, Delay, Drop, Duplicate, Hold, Reorder, Corrupt, Silence),
    "handshake": (*_ANYWHERE, Delay, Drop, Respond, RefuseThenAccept),
    "ping": (*_ANYWHERE, Delay, Drop, Silence),
    "connection": (*_ANYWHERE, Silence),
}
"""Which verdicts each thing can suffer. Any other pair is refused when the rule is installed."""

VERDICTS: Final[tuple[type[Verdict], ...]] = get_args(Verdict)
