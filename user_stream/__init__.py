"""Every fill of a Binance USDⓈ-M account, delivered exactly once and in order.

`UserStreamService` is the whole; `OrderManager` and `PositionBook` are what it delivers to, unless an engine brings its
own; `BinanceWebsocket` is one connection, usable alone. The classes of what listeners hear are in `events` (the
stream's typed events) and `lifecycle` (what the service says of itself): `from user_stream import events, lifecycle`.
"""

import logging

from user_stream.contracts import (
    BalanceChange,
    MappedAccountUpdate,
    MappedOrderUpdate,
    OrderIntent,
    OrderRegistry,
    PositionChange,
    ReadsAccountMode,
    ResumesOrders,
    Source,
    TakesFillDetails,
    TakesOpenOrders,
    TakesStreamState,
    TakesUnknownOutcomes,
    TracksAmendments,
    UsesOrderRegistry,
)
from user_stream.contracts import TakesAccountUpdates as RiskEngine
from user_stream.contracts import TakesOrderUpdates as OrderUpdateSink
from user_stream.core import events, lifecycle
from user_stream.core.fills import FillPriceCache, LastFill
from user_stream.core.metrics import Metric
from user_stream.core.orders import Order, OrderState
from user_stream.core.origin import Origin
from user_stream.core.positions import PositionBook
from user_stream.core.private_keys import unlock_private_key
from user_stream.core.retry import BackoffPolicy
from user_stream.errors import (
    ApiKeyFormatError,
    ApiKeyRefusedError,
    ClockSkewError,
    ConnectionLostError,
    FatalError,
    JournalError,
    ListenKeyLostError,
    OutcomeUnknownError,
    RateLimitedError,
    RequestRejectedError,
    RetryableError,
    ServiceUnavailableError,
    SettingsError,
    SignatureRefusedError,
    UnreachableError,
    UserStreamError,
)
from user_stream.observer import Observer
from user_stream.runtime.binance_websocket import BinanceWebsocket, StreamHandlers
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.delivery import Listener
from user_stream.runtime.order_manager import OrderManager
from user_stream.service import UserStreamService
from user_stream.settings import Environment, Settings, StreamUrlForm

__all__ = [
    "ApiKeyFormatError",
    "ApiKeyRefusedError",
    "BackoffPolicy",
    "BalanceChange",
    "BinanceWebsocket",
    "Clock",
    "ClockSkewError",
    "ConnectionLostError",
    "Environment",
    "FatalError",
    "FillPriceCache",
    "JournalError",
    "LastFill",
    "ListenKeyLostError",
    "Listener",
    "LoopClock",
    "MappedAccountUpdate",
    "MappedOrderUpdate",
    "Metric",
    "Observer",
    "Order",
    "OrderIntent",
    "OrderManager",
    "OrderRegistry",
    "OrderState",
    "OrderUpdateSink",
    "Origin",
    "OutcomeUnknownError",
    "PositionBook",
    "PositionChange",
    "RateLimitedError",
    "ReadsAccountMode",
    "RequestRejectedError",
    "ResumesOrders",
    "RetryableError",
    "RiskEngine",
    "ServiceUnavailableError",
    "Settings",
    "SettingsError",
    "SignatureRefusedError",
    "Source",
    "StreamHandlers",
    "StreamUrlForm",
    "TakesFillDetails",
    "TakesOpenOrders",
    "TakesStreamState",
    "TakesUnknownOutcomes",
    "TracksAmendments",
    "UnreachableError",
    "UserStreamError",
    "UserStreamService",
    "UsesOrderRegistry",
    "events",
    "lifecycle",
    "unlock_private_key",
]

logging.getLogger("user_stream").addHandler(logging.NullHandler())
