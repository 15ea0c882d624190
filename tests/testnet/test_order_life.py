"""An order's life and a connection's, as cases for any exchange: always on the simulator, by choice on the testnet.

With BINANCE_TESTNET_API_KEY and BINANCE_TESTNET_API_SECRET (or ..._PRIVATE_KEY_FILE) set, `tox -e testnet` runs them
on the real testnet, where they cost nothing; without, they are skipped, and say why.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest

from simulator import Simulator
from tests.conftest import NetworkForbiddenError
from tests.testnet.venue import SYMBOL, Venue, open_desk
from user_stream.core.lifecycle import GapOpened, GapRepaired
from user_stream.credentials import credentials_from_variables
from user_stream.errors import ListenKeyLostError
from user_stream.preflight import find_obstacle
from user_stream.settings import Environment


class OrderLife:
    """The cases. Each gets a `venue`."""

    async def test_a_far_limit_order_is_placed_then_active_then_cancelled(self, venue: Venue) -> None:
        async with open_desk(venue) as desk, desk.far_order() as order:
            await desk.until_state(order, "active")
            await desk.orders.cancel_order(order.client_order_id)
            await desk.until_state(order, "cancelled")

            assert desk.states == ["placing", "active", "cancelling", "cancelled"]
            assert desk.told(order) == [("NEW", "0"), ("CANCELED", "0")]

    async def test_an_order_that_another_client_cancels_is_told_as_cancelled(self, venue: Venue) -> None:
        async with venue.rest() as other, open_desk(venue) as desk, desk.far_order() as order:
            await desk.until_state(order, "active")
            await other.cancel_order(SYMBOL, order.client_order_id)
            await desk.until_state(order, "cancelled")

            assert desk.states == ["placing", "active", "cancelled"]
            assert desk.told(order) == [("NEW", "0"), ("CANCELED", "0")]

    async def test_a_listen_key_is_one_per_account_lives_on_and_dies_when_deleted(self, venue: Venue) -> None:
        async with venue.rest() as rest:
            key = await rest.create_listen_key()
            again = await rest.create_listen_key()
            extended = await rest.extend_listen_key()
            await rest.delete_listen_key()
            with pytest.raises(ListenKeyLostError):
                await rest.extend_listen_key()

        length, is_the_same, is_extended = len(key), again == key, extended in {key, ""}
        assert (length, is_the_same, is_extended) == (64, True, True)  # a failure prints no listen key

    async def test_what_happens_while_the_connection_is_down_is_told_after_it(self, venue: Venue) -> None:
        async with venue.rest() as other, open_desk(venue) as desk, desk.far_order() as order:
            await desk.until_state(order, "active")
            desk.scissors.cut()
            await desk.until(lambda: any(isinstance(item, GapOpened) for item in desk.said))
            await other.cancel_order(SYMBOL, order.client_order_id)
            await desk.until_live(epoch=2)
            await desk.until_state(order, "cancelled")

            assert any(isinstance(item, GapRepaired) for item in desk.said)
            assert desk.told(order) == [("NEW", "0"), ("CANCELED", "0")]


class TestOnTheSimulator(OrderLife):
    @pytest.fixture
    async def venue(self) -> AsyncIterator[Venue]:
        async with Simulator() as sim:
            yield Venue.of(sim, sim.account)


@pytest.mark.testnet
class TestOnTheTestnet(OrderLife):
    @pytest.fixture
    def venue(self, _only_the_testnet_is_reachable: None) -> Venue:
        obstacle = find_obstacle(os.environ)
        if obstacle is not None:
            pytest.skip(obstacle)
        return Venue(Environment.TESTNET, credentials_from_variables("testnet", os.environ))

    async def test_the_testnet_is_traded_on_in_real_time(self) -> None:
        assert type(asyncio.get_running_loop()) is asyncio.SelectorEventLoop

    def test_even_here_mainnet_cannot_be_looked_up(self) -> None:
        with pytest.raises(NetworkForbiddenError, match=r"fapi\.binance\.com"):
            socket.getaddrinfo("fapi.binance.com", 443)
