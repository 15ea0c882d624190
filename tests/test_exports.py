"""What an engine may import. A change here is a change of the public contract, and belongs into the changelog."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

import simulator
import trading_engine_python.feeds.user_stream
import user_stream
import user_stream.errors

USER_STREAM = [
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

SIMULATOR = [
    "DEFAULT_SYMBOLS",
    "AccountSpec",
    "ApiKey",
    "BadAmountError",
    "BadClockError",
    "BadFaultError",
    "BadFrameError",
    "BadPathError",
    "BadStatusError",
    "Close",
    "ConfigurationError",
    "Corrupt",
    "Delay",
    "Drip",
    "Drop",
    "Duplicate",
    "ExecuteThen",
    "ExecuteThenReset",
    "HalfOpen",
    "Hold",
    "Installed",
    "Journal",
    "JournalEntry",
    "Lag",
    "MarketTerms",
    "NoListenKeyError",
    "NoPositionError",
    "NotRunningError",
    "OrderNotOpenError",
    "Pass",
    "PortInUseError",
    "Profile",
    "RefuseThenAccept",
    "Reorder",
    "Reset",
    "Respond",
    "RiskTerms",
    "Rule",
    "Silence",
    "Simulator",
    "SimulatorError",
    "Skew",
    "Stall",
    "SymbolSpec",
    "Throttle",
    "UnknownAccountError",
    "UnknownOrderError",
    "UnknownPathError",
    "UnknownSymbolError",
    "VenueError",
    "delivery",
    "market_at",
    "perpetual",
    "quarterlies",
    "synthetic_symbols",
]

ERRORS = [
    "ApiKeyFormatError",
    "ApiKeyRefusedError",
    "ClockSkewError",
    "ConnectionLostError",
    "FatalError",
    "JournalError",
    "ListenKeyLostError",
    "OutcomeUnknownError",
    "RateLimitedError",
    "RequestRejectedError",
    "RetryableError",
    "ServiceUnavailableError",
    "SettingsError",
    "SignatureRefusedError",
    "UnreachableError",
    "UserStreamError",
]


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (user_stream, USER_STREAM),
        (user_stream.errors, ERRORS),
        (simulator, SIMULATOR),
        (trading_engine_python.feeds.user_stream, ["BinanceWebsocket", "UserStreamService"]),
    ],
    ids=lambda value: value.__name__ if isinstance(value, ModuleType) else "",
)
def test_exactly_these_names_are_public_and_each_can_be_imported(module: ModuleType, names: list[str]) -> None:
    assert sorted(module.__all__) == sorted(names)
    assert [name for name in names if not hasattr(module, name)] == []


def test_both_packages_are_marked_as_typed() -> None:
    for package in (user_stream, simulator):
        assert (Path(str(package.__file__)).parent / "py.typed").is_file()
