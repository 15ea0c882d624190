"""Where the exchange is, and how the service behaves. Frozen, validated when made, units in the names."""

from __future__ import annotations

import enum
import ipaddress
from dataclasses import dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode, urlsplit

from user_stream.core.events import PRIVATE_EVENTS
from user_stream.core.retry import BackoffPolicy
from user_stream.errors import SettingsError

__all__ = ["Environment", "Settings", "StreamUrlForm", "stream_url"]

_COUNTED = ("_s", "_ms", "_frames", "_symbols", "_minute", "_group", "connections")


@dataclass(frozen=True, slots=True)
class Environment:
    """One Binance: the base of its REST API and the base of its streams (USDⓈ-M Futures, General Info)."""

    name: str
    rest_url: str
    stream_url: str

    MAINNET: ClassVar[Environment]
    TESTNET: ClassVar[Environment]
    SIMULATOR: ClassVar[Environment]

    def __post_init__(self) -> None:
        for url, schemes in ((self.rest_url, ("http", "https")), (self.stream_url, ("ws", "wss"))):
            scheme, host = _scheme_and_host(url)
            if scheme not in schemes or not host:
                message = f"environment {self.name}: {url!r} is not an address like {schemes[1]}://host or host:port"
                raise SettingsError(message)
            if scheme == schemes[0] and not _is_loopback(host):
                message = (
                    f"environment {self.name}: {url!r} would send keys in the clear: only loopback may go without TLS"
                )
                raise SettingsError(message)

    @classmethod
    def simulator(cls, rest_url: str, ws_url: str) -> Environment:
        """Return the environment of a simulator at these addresses."""
        return cls("simulator", rest_url, ws_url)


def _scheme_and_host(url: str) -> tuple[str, str]:
    """Return ("", "") for what is no address."""
    try:
        parts = urlsplit(url)
        return ("", "") if parts.port == 0 else (parts.scheme, parts.hostname or "")
    except ValueError:  # a port that is no number, a bracket that is not closed
        return "", ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Environment.MAINNET = Environment("mainnet", "https://fapi.binance.com", "wss://fstream.binance.com")
Environment.TESTNET = Environment("testnet", "https://demo-fapi.binance.com", "wss://demo-fstream.binance.com")
Environment.SIMULATOR = Environment("simulator", "http://127.0.0.1:9010", "ws://127.0.0.1:9010")


class StreamUrlForm(enum.Enum):
    """The forms in which a private stream can be asked for; sources disagree on which of them deliver in production."""

    PRIVATE_EVENTS = "/private/ws?listenKey=<key>&events=<names>"
    PRIVATE_QUERY = "/private/ws?listenKey=<key>"
    PRIVATE_PATH = "/private/ws/<key>"
    PRIVATE_STREAM = "/private/stream?listenKey=<key>&events=<names>"
    LEGACY_PATH = "/ws/<key>"
    """Retired on mainnet since 2026-04-23, where it connects and stays silent; the testnet still serves it."""


def stream_url(environment: Environment, form: StreamUrlForm, listen_key: str, events: tuple[str, ...]) -> str:
    """Return the address of a user data stream. It holds the listen key: never log it."""
    base = environment.stream_url.rstrip("/")
    if form is StreamUrlForm.LEGACY_PATH:
        return f"{base}/ws/{listen_key}"
    if form is StreamUrlForm.PRIVATE_PATH:
        return f"{base}/private/ws/{listen_key}"
    query = {"listenKey": listen_key}
    if form is not StreamUrlForm.PRIVATE_QUERY:
        query["events"] = "/".join(events)
    root = "stream" if form is StreamUrlForm.PRIVATE_STREAM else "ws"
    return f"{base}/private/{root}?{urlencode(query, safe='/')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the service behaves. The defaults are meant for production.

    Raises `SettingsError` when a value cannot work.
    """

    url_form: StreamUrlForm = StreamUrlForm.PRIVATE_EVENTS
    events: tuple[str, ...] = PRIVATE_EVENTS
    """What `events=` asks for; an event that is not named is never sent."""
    keepalive_interval_s: float = 1800.0
    listen_key_lifetime_s: float = 3600.0
    keepalive_margin_s: float = 300.0
    """A key that could not be kept alive is given up this long before it would expire."""
    recv_window_ms: int = 5000
    request_timeout_s: float = 10.0
    connect_timeout_s: float = 10.0
    ping_interval_s: float = 20.0
    ping_timeout_s: float = 20.0
    callback_timeout_s: float = 30.0
    """How long a coroutine callback may take before it is cancelled and reported. One that does not end then either is
    left behind, and the next one is called.
    """
    callback_slow_s: float = 1.0
    """A callback that takes longer is named in a `CallbackSlow`; everything else waits for it."""
    proxy: str | None = field(default=None, repr=False)  # it may hold a password
    """One HTTP proxy for REST and stream alike."""
    backoff: BackoffPolicy = field(default_factory=BackoffPolicy)
    stable_after_s: float = 60.0
    """Only a connection that was live for so long starts the backoff anew."""
    buffer_frames: int = 100_000
    """Frames kept while a synchronization reads REST; more is a gap, and is read over REST again."""
    connections: int = 1
    """How many connections carry the stream at all times; with 2, one may die and nothing is lost."""
    rotate_after_s: float = 82_800.0
    """A connection is replaced at this age, before the exchange cuts it at 24 h."""
    rotation_dwell_s: float = 10.0
    """How long the old connection stays open once its successor is proven."""
    comparison_interval_s: float = 30.0
    """How often REST is asked whether the stream kept something back; each question weighs 95 of 2,400 a minute."""
    comparison_grace_s: float = 5.0
    """How long the stream has for telling what REST showed already."""
    rest_lag_s: float = 40.0
    """How far REST may lag behind the matching engine for orders and trades."""
    account_lag_s: float = 5.0
    """How far REST may lag behind the matching engine for positions and balances."""
    recovery_weight_per_minute: int = 1200
    """The part of the exchange's request weight (2,400 a minute and address) that recoveries may use."""
    journal: str | PathLike[str] | None = None
    """Where intents, frames and deliveries outlive the process: a file per account, in a directory of this machine that
    is there. Its name goes on for what is kept beside it (`-wal`, `-lock`, `.damaged-<time>`, `.before-reset-<time>`).
    """
    journal_group: int = 64
    """How many deliveries at most may be delivered again after a kill."""
    journal_retention_s: float = 604_800.0
    """How long frames and ended orders stay in the journal; longer than a recovery looks back (overlap and REST lag).
    """
    overlap_s: float = 60.0
    """How far before the last known moment a recovery starts reading."""
    hole_wait_s: float = 2.0
    """How long an order's events wait for a missing fill."""
    child_wait_s: float = 1.0
    """How long the events of an unknown order wait to be told that a conditional order became it."""
    question_interval_s: float = 1.0
    """The first wait before an order whose outcome is unknown is asked for; later ones back off."""
    fill_cache_symbols: int = 500
    fill_cache_max_age_s: float = 60.0
    deliver_enrichment: bool = False
    """Deliver once more, with `last_filled_qty` "0", when commission and profit of a TRADE_LITE fill become known."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if name.endswith(_COUNTED) and not value > 0:
                message = f"Settings.{name} must be greater than 0, not {value!r}"
                raise SettingsError(message)
        if self.keepalive_interval_s + self.keepalive_margin_s >= self.listen_key_lifetime_s:
            message = (
                f"Settings.keepalive_interval_s ({self.keepalive_interval_s:g}) and keepalive_margin_s "
                f"({self.keepalive_margin_s:g}) must fit into listen_key_lifetime_s ({self.listen_key_lifetime_s:g})"
            )
            raise SettingsError(message)
        if self.journal_retention_s <= self.overlap_s + self.rest_lag_s:
            message = (
                f"Settings.journal_retention_s ({self.journal_retention_s:g}) must be longer than a recovery looks "
                f"back: overlap_s ({self.overlap_s:g}) and rest_lag_s ({self.rest_lag_s:g})"
            )
            raise SettingsError(message)
        if not self.events:
            message = "Settings.events must name at least one event"
            raise SettingsError(message)
        if self.journal is not None:
            object.__setattr__(self, "journal", _file_path(self.journal))


def _file_path(given: object) -> Path:
    path = fspath(given) if isinstance(given, str | PathLike) else None
    if not isinstance(path, str) or not path:
        message = f"Settings.journal must be the path of a file, as text or a Path, not {given!r}"
        raise SettingsError(message)
    return Path(path)
