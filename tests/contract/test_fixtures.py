"""Every recorded or documented frame decodes, letter by letter, and every fixture is what the index says."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from user_stream.core import events
from user_stream.core.decode import decode_event
from user_stream.core.events import ControlReply, Event

FIXTURES = Path(__file__).parents[2] / "fixtures"
MASK = "FIXTURELISTENKEY" * 4

ORDER = {
    "s": "symbol", "c": "client_order_id", "S": "side", "o": "order_type", "f": "time_in_force",
    "q": "original_quantity", "p": "price", "ap": "average_price", "sp": "stop_price", "x": "execution_type",
    "X": "order_status", "i": "order_id", "l": "last_filled_quantity", "z": "cumulative_filled_quantity",
    "L": "last_filled_price", "n": "commission", "N": "commission_asset", "T": "trade_time", "t": "trade_id",
    "m": "is_maker", "R": "reduce_only", "wt": "working_type", "ot": "original_order_type", "ps": "position_side",
    "cp": "close_position", "AP": "activation_price", "cr": "callback_rate", "rp": "realized_profit",
    "V": "self_trade_prevention_mode", "pm": "price_match", "gtd": "good_till_date", "er": "expiry_reason",
    "M": "modify_id", "ma": "margin_asset",
}  # fmt: skip
"""What each letter of an order means. `b`, `a`, `pP`, `si` and `ss` are of no use to anybody."""
LITE = {
    "s": "symbol", "q": "original_quantity", "p": "price", "m": "is_maker", "c": "client_order_id", "S": "side",
    "L": "last_filled_price", "l": "last_filled_quantity", "t": "trade_id", "i": "order_id",
}  # fmt: skip
BALANCE = {"a": "asset", "wb": "wallet_balance", "cw": "cross_wallet_balance", "bc": "balance_change"}
POSITION = {
    "s": "symbol", "pa": "position_amount", "ep": "entry_price", "bep": "break_even_price",
    "cr": "accumulated_realized", "up": "unrealized_pnl", "mt": "margin_type", "iw": "isolated_wallet",
    "ps": "position_side", "ma": "margin_asset",
}  # fmt: skip
ALGO = {
    "caid": "client_algo_id", "aid": "algo_id", "at": "algo_type", "o": "order_type", "s": "symbol", "S": "side",
    "ps": "position_side", "f": "time_in_force", "q": "quantity", "X": "algo_status", "ai": "order_id",
    "ap": "average_price", "aq": "executed_quantity", "act": "child_type", "tp": "trigger_price", "p": "price",
    "wt": "working_type", "cp": "close_position", "R": "reduce_only", "tt": "trigger_time", "gtd": "good_till_date",
    "rm": "failure_reason", "ia": "is_activated", "V": "self_trade_prevention_mode", "pm": "price_match",
    "pP": "price_protect",
}  # fmt: skip
AT_RISK = {
    "s": "symbol", "ps": "position_side", "pa": "position_amount", "mt": "margin_type", "iw": "isolated_wallet",
    "mp": "mark_price", "up": "unrealized_pnl", "mm": "maintenance_margin",
}  # fmt: skip
REJECTION = {"s": "symbol", "i": "order_id", "r": "reason"}
STRATEGY = {
    "si": "strategy_id", "st": "strategy_type", "ss": "strategy_status", "s": "symbol", "ut": "update_time",
    "c": "operation_code",
}  # fmt: skip
GRID = {
    "si": "strategy_id", "st": "strategy_type", "ss": "strategy_status", "s": "symbol", "ut": "update_time",
    "r": "realized_profit", "up": "unmatched_average_price", "uq": "unmatched_quantity", "uf": "unmatched_fee",
    "mp": "matched_profit",
}  # fmt: skip
UNUSED = {"b", "a", "pP", "si", "ss"}


def same(table: Mapping[str, str], raw: Mapping[str, Any], typed: object, unused: set[str] | None = None) -> None:
    """Assert that each letter of `raw` is in the table, and arrived."""
    assert set(raw) - set(table) <= (unused or set())
    for letter, name in table.items():
        if letter in raw:
            assert getattr(typed, name) == raw[letter], letter


def same_order(raw: dict[str, Any], event: events.OrderTradeUpdate) -> None:
    same(ORDER, raw["o"], event.order, UNUSED)


def same_account(raw: dict[str, Any], event: events.AccountUpdate) -> None:
    account = raw["a"]
    assert event.account.reason == account["m"]
    assert event.account.symbol == account.get("S", "")
    for table, told, items in (
        (BALANCE, account["B"], event.account.balances),
        (POSITION, account["P"], event.account.positions),
    ):
        for one, typed in zip(told, items, strict=True):
            same(table, one, typed)


def same_configuration(raw: dict[str, Any], event: events.AccountConfigUpdate) -> None:
    assert (event.leverage is None) == ("ac" not in raw)
    assert (event.asset_mode is None) == ("ai" not in raw)
    if event.leverage:
        same({"s": "symbol", "l": "leverage"}, raw["ac"], event.leverage)
    if event.asset_mode:
        same({"j": "multi_assets_mode"}, raw["ai"], event.asset_mode)


def same_margin_call(raw: dict[str, Any], event: events.MarginCall) -> None:
    assert event.cross_wallet_balance == raw["cw"]
    for one, typed in zip(raw["p"], event.positions, strict=True):
        same(AT_RISK, one, typed)


COMPARE: dict[str, tuple[type[Event], Any]] = {
    "ORDER_TRADE_UPDATE": (events.OrderTradeUpdate, same_order),
    "TRADE_LITE": (events.TradeLite, lambda raw, event: same(LITE, raw, event, {"e", "E", "T"})),
    "ACCOUNT_UPDATE": (events.AccountUpdate, same_account),
    "ACCOUNT_CONFIG_UPDATE": (events.AccountConfigUpdate, same_configuration),
    "MARGIN_CALL": (events.MarginCall, same_margin_call),
    "ALGO_UPDATE": (events.AlgoUpdate, lambda raw, event: same(ALGO, raw["o"], event.algo)),
    "CONDITIONAL_ORDER_TRIGGER_REJECT": (
        events.ConditionalOrderTriggerReject,
        lambda raw, event: same(REJECTION, raw["or"], event.rejection),
    ),
    "STRATEGY_UPDATE": (
        events.StrategyUpdate,
        lambda raw, event: same(STRATEGY, raw["su"], event.strategy),
    ),
    "GRID_UPDATE": (events.GridUpdate, lambda raw, event: same(GRID, raw["gu"], event.grid)),
    "listenKeyExpired": (
        events.ListenKeyExpired,
        lambda raw, event: same({"listenKey": "listen_key"}, raw, event, {"e", "E"}),
    ),
}


def frames() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every event of every fixture, unwrapped."""
    for path in sorted((FIXTURES / "events").glob("*.json")):
        content = json.loads(path.read_text())
        for number, frame in enumerate(content if isinstance(content, list) else [content]):
            yield f"{path.stem}-{number}", frame.get("data", frame)


EVENTS = {name: frame for name, frame in frames() if "e" in frame}


@pytest.mark.parametrize("wrapped", [False, True], ids=["raw", "wrapped"])
@pytest.mark.parametrize("name", EVENTS)
def test_every_event_decodes_with_all_its_documented_values(name: str, wrapped: bool) -> None:
    raw = EVENTS[name]
    kind, compare = COMPARE[raw["e"]]
    frame = {"stream": MASK, "data": raw} if wrapped else raw

    event = decode_event(msgspec.json.encode(frame))

    assert type(event) is kind
    assert getattr(event, "event_time", None) == raw["E"]
    assert getattr(event, "transaction_time", raw.get("T")) == raw.get("T")
    compare(raw, event)


def test_every_documented_event_has_a_fixture_and_a_table() -> None:
    told = {raw["e"] for raw in EVENTS.values()}

    assert told == set(COMPARE) == set(events.PRIVATE_EVENTS)


def test_the_answer_to_list_subscriptions_is_a_control_reply() -> None:
    reply = decode_event((FIXTURES / "events/list_subscriptions_reply_private.json").read_bytes())

    assert isinstance(reply, ControlReply)
    assert (reply.id, len(reply.result), reply.error) == (1, 4, None)


def test_the_index_names_every_fixture_by_its_content() -> None:
    index = tomllib.loads((FIXTURES / "index.toml").read_text())["fixture"]
    files = [
        path
        for folder in ("events", "rest", "ws_api", "market", "errors", "stream", "cassettes")
        for path in (FIXTURES / folder).rglob("*.*")
    ]

    content = {path.relative_to(FIXTURES).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    assert {entry["file"]: entry["sha256"] for entry in index} == content
    assert all(entry["source"] for entry in index)


def test_no_fixture_holds_a_real_listen_key() -> None:
    index = {entry["file"]: entry for entry in tomllib.loads((FIXTURES / "index.toml").read_text())["fixture"]}
    for path in sorted(FIXTURES.rglob("*.json")):
        keys = set(re.findall(r"(?<![0-9A-Za-z])[0-9A-Za-z]{60,}(?![0-9A-Za-z])", path.read_text()))

        assert keys <= {MASK}, path.name
        assert index[path.relative_to(FIXTURES).as_posix()]["masked"] == bool(keys), path.name
