"""What a stream URL asks for: raw or wrapped frames, and which names, in each of the forms that clients use.

```
/ws[/<name>[/<name>…]]   /stream[?streams=<name>/<name>…]                           the old, unrouted forms
/private/ws/<key>        /private/ws?listenKey=<key>[&events=A/B]        /private/ws         raw
/private/stream/<key>    /private/stream?listenKey=<key>[&events=A/B]…   /private/stream     wrapped
/public/…, /market/…     market streams
```
In a query each `events` belongs to the `listenKey` before it, and several pairs may follow each other. A *name* is a
listen key, `<listen key>@<event>`, or a market stream. Market streams are of two classes: books and best prices are
public, all others market; each routed root carries its own class, the unrouted URLs whatever the profile lets them.
"""

from __future__ import annotations

import re
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote

import msgspec

from simulator.core.profile import UrlForm

__all__ = ["USER_ROOTS", "Root", "StreamClass", "StreamTarget", "class_of", "read_target"]

Root = Literal["unrouted", "private", "public", "market"]

StreamClass = Literal["private", "public", "market"]

_PUBLIC: Final = re.compile(r"!bookTicker|[^@]+@(?:bookTicker|depth|rpiDepth|trade$)")
_MARKET: Final = re.compile(r"!.*|[^@]+@(?!listenKeyExpired)[a-z].*|tradingSession", re.DOTALL)
"""Names of events are upper case, but for one; types of market streams begin with a small letter."""

USER_ROOTS: Final = frozenset[Root]({"private", "unrouted"})
"""What carries user data."""


class StreamTarget(msgspec.Struct, frozen=True):
    """What a handshake asked for. `names` are subscribed from the start, each with the form in which it was named."""

    root: Root
    is_combined: bool
    names: tuple[tuple[str, UrlForm], ...] = ()


def class_of(name: str) -> StreamClass:
    """Return of which class a name is; what is no market stream is a listen key, alive or not."""
    if _PUBLIC.match(name):
        return "public"
    return "market" if _MARKET.fullmatch(name) else "private"


def read_target(path: str, query: str) -> StreamTarget | None:
    """Return what this URL asks for, or None when no streams are served there."""
    segments = [unquote(segment) for segment in path.split("/") if segment]
    root: Root = "unrouted"
    if segments and segments[0] in {"private", "public", "market"}:
        root = segments.pop(0)  # type: ignore[assignment]  # the set holds only roots
    if not segments or segments[0] not in {"ws", "stream"}:
        return None
    kind, *named = segments
    form: UrlForm = "path" if root == "private" else "unrouted"
    return StreamTarget(root, kind == "stream", (*((name, form) for name in named), *_query_names(query, root)))


def _query_names(query: str, root: Root) -> list[tuple[str, UrlForm]]:
    names: list[tuple[str, UrlForm]] = []
    form: UrlForm = "unrouted" if root == "unrouted" else "query"
    for parameter, value in parse_qsl(query):
        if parameter == "streams":
            names += [(name, form) for name in value.split("/")]
        elif parameter == "listenKey":
            names.append((value, form))
        elif parameter == "events" and names and "@" not in names[-1][0]:
            listen_key, _ = names.pop()
            filtered: UrlForm = "unrouted" if root == "unrouted" else "query_events"
            names += [(f"{listen_key}@{event}", filtered) for event in value.split("/")]
    return names
