"""The world of a drawn run: lifetimes, modes, latencies, and which of the exchange's undocumented faces is shown.

A key lives 15 to 60 minutes, so that in an hour it has to be kept alive, and to be replaced where that fails; a
connection 20 minutes to a day. The engine is told what it would know of the real exchange: how long a key lives.
"""

from __future__ import annotations

from random import Random
from typing import Final

from simulator.core.domain import SymbolSpec
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.scenario.laboratory import Laboratory

__all__ = ["draw_terms"]

_SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "BNBUSDT", "LINKUSDT")
_BY_THE_THOUSAND: Final = ("1000PEPEUSDT", "1000SHIBUSDT")
_SPECS: Final = {spec.symbol: spec for spec in DEFAULT_SYMBOLS}


def draw_terms(seed: int, hours: float, dice: Random) -> tuple[Laboratory, tuple[SymbolSpec, ...]]:
    """Return the laboratory of a run, and the symbols that are traded in it."""
    key_s = dice.choice((900, 1200, 1800, 3600))
    connection_s = dice.choice((1200, 2400, 5400, 86_400, 86_400))
    symbols = [dice.choice(_BY_THE_THOUSAND), *dice.sample(_SYMBOLS, dice.randint(1, 3))]
    laboratory = Laboratory(
        seed=seed,
        length=f"{round(hours * 3600)}s",
        faults=dice.choice(("lawful", "any")),
        position_mode=dice.choice(("one_way", "one_way", "hedge")),
        listen_key_lifetime=f"{key_s}s",
        connection_lifetime=f"{connection_s}s",
        ping_interval=dice.choice(("30s", "3m", "3m")),
        engine=_engine_settings(dice, key_s, connection_s),
    )
    return laboratory, tuple(_SPECS[symbol] for symbol in symbols)


def _engine_settings(dice: Random, key_s: int, connection_s: int) -> dict[str, str]:
    return {
        "connections": dice.choice(("1", "1", "2")),
        "listen_key_lifetime_s": str(key_s),
        "keepalive_interval_s": str(key_s // 2),
        "keepalive_margin_s": str(key_s // 12),
        "rotate_after_s": str(connection_s - connection_s // 24),
    }
