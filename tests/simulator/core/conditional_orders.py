"""A venue with conditional orders in one line, and what it then tells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulator import Profile
from simulator.core.rest.endpoints import ROUTES
from simulator.core.streams.stream_events import user_events
from simulator.core.streams.user_event import UserEvent
from simulator.core.venue import Answer, Call, Venue
from tests.simulator.core.small_markets import NOW, a_venue

TRIGGER_MS = Profile().algo_trigger_ms


class Bench:
    """A venue, its clock, and the events that it has told."""

    def __init__(self, *accounts: Any, **profile: Any) -> None:
        self.venue: Venue = a_venue(*accounts, profile=Profile(**profile))
        self.now_ms = NOW
        self.told: list[UserEvent] = []

    def ask(self, request: str, **params: object) -> Any:
        """Send a request, tell its facts, and return the body."""
        method, path = request.split()
        sent = {name: str(value) for name, value in params.items()}
        call = Call(sent, "default", self.now_ms)
        answer: Answer = ROUTES[method, f"/fapi/v1/{path}"].endpoint(self.venue, call)
        self.tell(answer.facts)
        return answer.body

    def tell(self, facts: Any) -> None:
        facts = self.venue.follow(facts, self.now_ms)
        self.told += user_events(facts, self.venue.exchange.symbols, self.venue.profile)

    def move(self, price: str) -> None:
        """Move the market."""
        self.tell(self.venue.exchange.set_price("BTCUSDT", Decimal(price), self.now_ms))

    def wait(self, by_ms: int = TRIGGER_MS) -> None:
        """Let time pass."""
        self.now_ms += by_ms
        self.tell(self.venue.advance(self.now_ms))

    def position(self, quantity: str = "0.010", side: str = "BUY", **terms: object) -> None:
        """Open a position at the market."""
        self.ask("POST order", symbol="BTCUSDT", side=side, type="MARKET", quantity=quantity, **terms)
        self.told.clear()

    def place(self, algo_type: str, side: str, name: str = "a", **terms: object) -> Any:
        """Place a conditional order of 0.010 BTC, unless the terms say otherwise."""
        common = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": side, "type": algo_type}
        named = {"clientAlgoId": name} if name else {}
        quantity = {} if terms.get("closePosition") else {"quantity": "0.010"}
        return self.ask("POST algoOrder", **(common | named | quantity | terms))

    def said(self) -> list[str]:
        """Return what was told since the last time, one phrase each."""
        phrases = [_phrase(event) for event in self.told]
        self.told.clear()
        return phrases

    def status(self, name: str = "a") -> str:
        """Return a conditional order's status."""
        body = self.ask("GET algoOrder", clientAlgoId=name)
        return str(body["algoStatus"])

    def fields(self, status: str) -> dict[str, Any]:
        """Return the content of the last ALGO_UPDATE of this status."""
        found = [e.body["o"] for e in self.told if e.name == "ALGO_UPDATE" and e.body["o"]["X"] == status]
        return dict(found[-1])


def _phrase(event: UserEvent) -> str:
    order = event.body.get("o", {})
    match event.name:
        case "ALGO_UPDATE":
            return f"{order['caid']} {order['X']}"
        case "ORDER_TRADE_UPDATE":
            return f"order {order['c']} {order['x']} {order['X']}"
        case _:
            return event.name
