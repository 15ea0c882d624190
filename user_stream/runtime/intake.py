"""What the connections tell, on its way in: frames to facts, facts to the ledger and the account feed, and out again.

Order events are folded from every connection, because the ledger knows a fill that it has. Account updates go through
the account feed, which takes them from one connection at a time. The typed events for listeners are published once,
whichever connection brings them first; what the others owe then is noted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import msgspec

from user_stream.core.echoes import Echoes
from user_stream.core.events import (
    AccountUpdate,
    AlgoUpdate,
    Event,
    ListenKeyExpired,
    OrderTradeUpdate,
    RawEvent,
    TradeLite,
)
from user_stream.core.mapping import map_account_update, map_order_update, map_trade_lite
from user_stream.core.reticence import Reticence
from user_stream.runtime.account import Account
from user_stream.runtime.conditional_flow import ConditionalFlow
from user_stream.runtime.links import Link
from user_stream.runtime.order_repairs import OrderRepairs

__all__ = ["Intake"]


class Intake:
    """Handles the frames of all connections.

    `proved` hears what a link told, and until when that proves it alive; `on_reset` that the exchange began anew.
    `carriers`: the links that carry the stream; `is_alone`: whether there is one, and no other is being made.
    """

    def __init__(
        self,
        account: Account,
        repairs: OrderRepairs,
        conditionals: ConditionalFlow,
        *,
        proved: Callable[[Link, int], None],
        on_reset: Callable[[], None],
        carriers: Callable[[], Iterable[Link]],
        is_alone: Callable[[], bool],
    ) -> None:
        self._ledger = account.ledger
        self._feed = account.feed
        self._delivery = account.delivery
        self._memory = account.memory
        self._metrics = account.metrics
        self._exchange_time_ms = account.rest.exchange_time_ms
        self._clock = account.clock
        self._repairs = repairs
        self._conditionals = conditionals
        self._proved = proved
        self._on_reset = on_reset
        self._is_alone = is_alone
        self._carriers = carriers
        self._echoes = Echoes()
        self._reticence = Reticence()
        self._last_event_s = 0.0

    def is_quiet(self, for_s: float) -> bool:
        """Say whether no event came for so long."""
        return self._clock.monotonic() - self._last_event_s >= for_s

    def take_frame(self, link: Link, frame: bytes) -> None:
        """Note a frame before anybody looks at it."""
        link.frames += 1
        self._memory.frame(self._clock.time_ms(), link.epoch, frame)
        if self._metrics.observed:
            self._metrics.frame()
            link.receptions.read(self._exchange_time_ms(), waiting=link.frames_waiting)

    def take_order_update(self, link: Link, event: OrderTradeUpdate) -> None:
        """Fold an ORDER_TRADE_UPDATE."""
        update = map_order_update(event)
        if self._conditionals.take(update, link.ledger_epoch):
            return
        self._delivery.tell(self._ledger.fold(update, link.ledger_epoch))
        if self._ledger.holes:
            self._repairs.repair_holes()

    def take_trade_lite(self, link: Link, event: TradeLite) -> None:
        """Fold a TRADE_LITE."""
        update = map_trade_lite(event)
        if not self._conditionals.take(update, link.ledger_epoch):
            self._delivery.tell(self._ledger.fold(update, link.ledger_epoch))

    def take_account_update(self, link: Link, event: AccountUpdate) -> None:
        """Fold an ACCOUNT_UPDATE."""
        for update in self._feed.fold(link.epoch, map_account_update(event)):
            self._delivery.tell_account(update)

    def take_event(self, link: Link, event: Event) -> Awaitable[None] | None:
        """Publish an event; what is returned, if anything, ends when the engine's callbacks have."""
        self._last_event_s = self._clock.monotonic()
        if self._ledger.venue_reset is not None:
            self._on_reset()
        if self._metrics.observed:
            self._metrics.event(event, received_ms=link.receptions.of_frame_in_hand(waiting=link.frames_waiting))
        if isinstance(event, AlgoUpdate):
            self._conditionals.take_algo_update(event)
        if self._is_alone() or self._is_first_with(link, event):
            self._delivery.publish(event)
        if not isinstance(event, ListenKeyExpired):  # it proves the opposite
            at = event.payload.get("T") if isinstance(event, RawEvent) else getattr(event, "transaction_time", 0)
            self._proved(link, at if isinstance(at, int) else 0)
        return self._delivery.idle() if self._delivery.busy else None

    def _is_first_with(self, link: Link, event: Event) -> bool:
        """Say whether no other connection told this; what one tells, the others have to tell, too."""
        written = msgspec.json.encode(event)
        is_new = self._echoes.is_new(link.epoch, written)
        if isinstance(event, OrderTradeUpdate | TradeLite | AccountUpdate):
            others = [each.epoch for each in self._carriers() if each is not link]
            self._reticence.told(link.epoch, written, is_new=is_new, others=others, now_s=self._last_event_s)
        return is_new

    def behind(self, for_s: float) -> set[int]:
        """Return the connections that have kept back for so long what another one told."""
        return self._reticence.behind(self._clock.monotonic() - for_s)

    def begin(self, link: Link) -> None:
        """A connection begins, or begins anew after a frame was lost."""
        self._reticence.forgive(link.epoch)

    def leave(self, link: Link) -> None:
        """A connection ended: tell what another one knew of the account already."""
        self._reticence.forgive(link.epoch)
        for update in self._feed.leave(link.epoch):
            self._delivery.tell_account(update)
