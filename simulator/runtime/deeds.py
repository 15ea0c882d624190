"""What the methods of the simulator that act on a running exchange have in common: the floor that they act on.

`Simulator` is put together from its deeds: on orders and the market (`order_deeds`), on conditional orders
(`algo_deeds`), on accounts (`account_deeds`), on connections (`connection_deeds`) and on REST (`rest_deeds`). Every one
returns at once, with its events already written to the sockets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from simulator.runtime.floor import Floor

__all__ = ["Deeds"]


class Deeds(ABC):
    """Does things to the exchange. Raises `NotRunningError` before the start and after the stop."""

    @property
    @abstractmethod
    def _floor(self) -> Floor: ...
