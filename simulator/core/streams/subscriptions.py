"""What one stream connection is subscribed to, and its answers to control messages.

Names are never refused: a listen key that does not exist, or an event that nobody sends, is a subscription to silence;
so is a listen key on `/public` or `/market`, which carry no user data, and a market stream of another class than the
connection's. A connection has at most 1024 names; how Binance refuses more is not documented, here it is error 2.
Request ids may be strings, as the official SDK sends them, although the documentation demands unsigned integers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, Final, Literal

from simulator.core.profile import UrlForm
from simulator.core.streams.stream_target import USER_ROOTS, StreamTarget, class_of

__all__ = ["MOST_STREAMS", "Subscriptions"]

MOST_STREAMS: Final = 1024

_NONE: Final[frozenset[str]] = frozenset()
_ROUTED: Final = {"private": _NONE, "public": frozenset({"public"}), "market": frozenset({"market"})}
_UNROUTED: Final = {"alive": frozenset({"public", "market"}), "silent": frozenset({"public"})}
_METHODS: Final = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


class _ControlError(Exception):
    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class Subscriptions:
    """The names that a connection listens to, and whether its frames are wrapped."""

    __slots__ = (
        "_carries_user_data",
        "_classes",
        "_control_errors",
        "_later_form",
        "_names",
        "_silent_forms",
        "is_combined",
        "last_method",
    )

    def __init__(
        self,
        target: StreamTarget,
        silent_forms: Collection[UrlForm],
        control_errors: Literal["wrapped", "bare"],
        unrouted_market: Literal["alive", "silent"] = "alive",
    ) -> None:
        self.is_combined = target.is_combined
        self.last_method = ""
        """The method of the control message that was answered last, "" when it named none."""
        self._names: dict[str, UrlForm] = dict(target.names)
        self._later_form: UrlForm = "unrouted" if target.root == "unrouted" else "subscribe"
        self._carries_user_data = target.root in USER_ROOTS
        self._classes = _UNROUTED[unrouted_market] if target.root == "unrouted" else _ROUTED[target.root]
        self._silent_forms = silent_forms
        self._control_errors = control_errors

    @property
    def names(self) -> tuple[str, ...]:
        """Everything subscribed to, in the order of subscribing."""
        return tuple(self._names)

    def listen_keys(self) -> set[str]:
        """Return the part before `@` of every name that is no market stream: what may be a listen key."""
        return {name.partition("@")[0] for name in self._names if class_of(name) == "private"}

    def market_streams(self) -> set[str]:
        """Return the market streams that were named, and that this connection carries."""
        return {name for name in self._names if class_of(name) in self._classes}

    def keys_in(self, forms: Collection[UrlForm]) -> set[str]:
        """Return the listen keys that were named in one of these forms."""
        if not self._carries_user_data:
            return set()
        return {name.partition("@")[0] for name, form in self._names.items() if form in forms}

    def wants(self, listen_key: str, event: str) -> bool:
        """Return whether an event of this key is sent here."""
        if not self._carries_user_data:
            return False
        form = self._names.get(listen_key)
        if form is not None and form not in self._silent_forms:
            return True
        form = self._names.get(f"{listen_key}@{event}")
        return form is not None and form not in self._silent_forms

    def answer(self, text: str) -> dict[str, Any]:
        """Carry out a control message and return the reply."""
        request_id: object = None
        self.last_method = ""
        try:
            message = _parse(text)
            self.last_method = str(message.get("method", ""))
            request_id = message.get("id")
            return {"result": self._perform(message), "id": request_id}
        except _ControlError as error:
            content = {"code": error.code, "msg": error.message}
            return content if self._control_errors == "bare" else {"error": content, "id": request_id}

    def _perform(self, message: dict[str, Any]) -> object:
        _check_id(message.get("id"))
        method = _method(message)
        params = [] if message.get("params") is None else message["params"]  # some clients write null for none
        if not isinstance(params, list):
            raise _ControlError(2, "Invalid request: invalid type for `params`, expected a sequence at line 1 column 1")
        performers: dict[str, Callable[[list[Any]], object]] = {
            "SUBSCRIBE": self._subscribe,
            "UNSUBSCRIBE": self._unsubscribe,
            "LIST_SUBSCRIPTIONS": lambda _: sorted(self._names),
            "SET_PROPERTY": self._set_property,
            "GET_PROPERTY": self._get_property,
        }
        return performers[method](params)

    def _subscribe(self, params: list[Any]) -> None:
        names = _strings(params)
        if len(self._names.keys() | set(names)) > MOST_STREAMS:
            raise _ControlError(2, f"Invalid request: too many streams, at most {MOST_STREAMS} per connection")
        for name in names:
            self._names.setdefault(name, self._later_form)

    def _unsubscribe(self, params: list[Any]) -> None:
        for name in _strings(params):
            self._names.pop(name, None)

    def _set_property(self, params: list[Any]) -> None:
        if len(params) > 2:
            raise _ControlError(2, "Invalid request: too many parameters")
        _check_property(params)
        if len(params) < 2 or not isinstance(params[1], bool):
            raise _ControlError(1, "Invalid value type: expected Boolean")
        self.is_combined = params[1]

    def _get_property(self, params: list[Any]) -> bool:
        if len(params) > 1:
            raise _ControlError(2, "Invalid request: too many parameters")
        _check_property(params)
        return self.is_combined


def _parse(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
        json.dumps(message, ensure_ascii=False, allow_nan=False).encode()  # what no reply could repeat is no JSON
    except (ValueError, RecursionError) as error:
        position = getattr(error, "colno", 1)
        raise _ControlError(3, f"Invalid JSON: expected value at line 1 column {position}") from error
    if not isinstance(message, dict):
        raise _ControlError(2, "Invalid request: missing field `method` at line 1 column 1")
    return message


def _check_id(request_id: object) -> None:
    if request_id is None or isinstance(request_id, str):
        return
    if isinstance(request_id, bool) or not isinstance(request_id, int) or request_id < 0:
        raise _ControlError(2, "Invalid request: request ID must be an unsigned integer")


def _method(message: dict[str, Any]) -> str:
    method = message.get("method")
    if method is None:
        column = len(json.dumps(message, separators=(",", ":")))
        raise _ControlError(2, f"Invalid request: missing field `method` at line 1 column {column}")
    if method not in _METHODS:
        expected = ", ".join(f"`{name}`" for name in _METHODS)
        raise _ControlError(2, f"Invalid request: unknown variant `{method}`, expected one of {expected}")
    return str(method)


def _strings(params: list[Any]) -> list[str]:
    if not all(isinstance(name, str) for name in params):
        raise _ControlError(2, "Invalid request: invalid type in `params`, expected a string")
    return params


def _check_property(params: list[Any]) -> None:
    if not params or not isinstance(params[0], str):
        raise _ControlError(2, "Invalid request: property name must be a string")
    if params[0] != "combined":
        raise _ControlError(0, "Unknown property")
