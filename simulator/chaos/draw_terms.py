"""The world of a drawn run: lifetimes, modes, latencies, and which of the exchange's undocumented faces is shown.

A key lives 15 to 60 minutes, so that in an hour it has to be kept alive, and to be replaced where that fails; a
connection 20 minutes to a day. The engine is told what it would know of the real exchange: how long a key lives.
"""

from __future__ import annotations

from random import Random
from typing import Final, Literal

from simulator.core.domain import SymbolSpec
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.scenario.laboratory import Laboratory

__all__ = ["draw_terms"]

_SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "BNBUSDT", "LINKUSDT", "币安人生USDT")
_BY_THE_THOUSAND: Final = ("1000PEPEUSDT", "1000SHIBUSDT")
_SPECS: Final = {spec.symbol: spec for spec in DEFAULT_SYMBOLS}
_SWITCHES: Final = {
    "trade_lite": ("each", "last", "absent", "absent"),
    "rest_answer": ("before_events",),
    "acknowledge_with_average_price": ("result", "always"),
    "delete_listen_key": ("announce", "close"),
    "listen_key_expiry": ("announce_and_close", "silent"),
    "listen_key_expiry_time": ("text",),
    "funding_positions": ("absent",),
    "hedge_both": ("absent",),
    "margin_type_change": ("no_positions",),
    "forced_orders": ("fixtures",),
    "forced_trade_lite": ("present",),
    "liquidation_type": ("LIQUIDATION",),
    "control_errors": ("bare",),
    "algo_trigger_ms": ("0", "250", "900"),
    "algo_child": ("after_triggered",),
    "algo_triggered": ("without_child_id",),
    "algo_child_id": ("generated",),
    "algo_child_original_type": ("algo",),
    "algo_position_closed": ("EXPIRED",),
    "algo_immediate_trigger": ("-4142",),
    "algo_trailing_terms": ("present",),
    "trigger_rejections": ("both",),
    "cancel_all": ("orders_and_algo_orders",),
    "retry_after": ("present",),
    "server_shutdown": ("announced",),
    "pong": ("matching",),
    "late_order": ("-1021",),
}
"""The other faces of a correct exchange, by switch."""
_SETTINGS: Final = {
    "journal": ("off",),
    "journal_group": ("1", "5"),
    "deliver_enrichment": ("true",),
    "buffer_frames": ("5", "50"),
    "rotate_after_s": ("200", "700"),
    "rotation_dwell_s": ("1",),
}
"""What may be otherwise with the engine, by setting. An engine that has no such setting takes no notice."""
_SWITCHED: Final = 0.25
"""How often each of these is not as usual."""


def draw_terms(seed: int, hours: float, dice: Random) -> tuple[Laboratory, tuple[SymbolSpec, ...]]:
    """Return the laboratory of a run, and the symbols that are traded in it."""
    key_s = dice.choice((900, 1200, 1800, 3600))
    connection_s = dice.choice((1200, 2400, 5400, 86_400, 86_400))
    symbols = [dice.choice(_BY_THE_THOUSAND), *dice.sample(_SYMBOLS, dice.randint(1, 3))]
    market: Literal["one_price", "book"] = dice.choice(("one_price", "one_price", "one_price", "book"))
    laboratory = Laboratory(
        seed=seed,
        length=f"{round(hours * 3600)}s",
        faults=dice.choice(("lawful", "any")),
        market=market,
        accounts=2 if market == "book" else 1,
        risk=dice.choice(("scripted", "scripted", "automatic")),
        position_mode=dice.choice(("one_way", "one_way", "hedge")),
        assets_mode=dice.choice(("single", "single", "single", "multi")),
        balance=dice.choice(("100000", "100000", "100000", "1500")),
        listen_key_lifetime=f"{key_s}s",
        connection_lifetime=f"{connection_s}s",
        ping_interval=dice.choice(("30s", "3m", "3m")),
        latency=dice.choice(("0s", "1ms", "20ms", "250ms")),
        profile=_switches(dice),
        engine=_engine_settings(dice, key_s, connection_s),
    )
    return laboratory, tuple(_SPECS[symbol] for symbol in symbols)


def _switches(dice: Random) -> dict[str, str]:
    return {name: dice.choice(faces) for name, faces in _SWITCHES.items() if dice.random() < _SWITCHED}


def _engine_settings(dice: Random, key_s: int, connection_s: int) -> dict[str, str]:
    settings = {
        "connections": dice.choice(("1", "1", "2")),
        "listen_key_lifetime_s": str(key_s),
        "keepalive_interval_s": str(key_s // 2),
        "keepalive_margin_s": str(key_s // 12),
        "rotate_after_s": str(connection_s - connection_s // 24),
    }
    return settings | {name: dice.choice(values) for name, values in _SETTINGS.items() if dice.random() < _SWITCHED}
