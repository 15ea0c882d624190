"""What a memory leaves for the next process, and that without a journal it leaves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.user_stream.journal_facts import API_KEY, StandingClock, delivery, details, ids, intent
from user_stream.core.journal_rows import Resumption
from user_stream.core.ledger import Told
from user_stream.errors import JournalError
from user_stream.observer import Metrics
from user_stream.runtime.memory import Memory
from user_stream.settings import Settings

GROUP = 3
MINE = replace(intent("mine"), quantity=delivery(1).update["orig_qty"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account.journal"


def opened(path: Path, clock: StandingClock | None = None) -> Memory:
    settings = Settings(journal=path, journal_group=GROUP)
    return Memory.open(API_KEY, settings=settings, clock=clock or StandingClock(), metrics=Metrics())


def nothing() -> None:
    """Nobody listens."""


def tell(memory: Memory, told: Sequence[Told]) -> None:
    """Write ahead, up to the moment in which the engine is told."""
    memory.write_ahead(told, nothing)
    memory.flush()


def killed(memory: Memory) -> None:
    """Let go of the file as a kill does."""
    assert memory._journal is not None  # noqa: SLF001  a kill asks nobody
    memory._journal.abandon()  # noqa: SLF001  as above


def left(path: Path) -> Resumption:
    """Return what the next process finds."""
    memory = opened(path)
    found = memory.recall()
    killed(memory)
    return found


def spoil(path: Path) -> None:
    """Damage the file's end."""
    content = bytearray(path.read_bytes())
    content[-2_000:-1_000] = b"?" * 1_000
    path.write_bytes(content)


async def test_without_a_journal_nothing_is_kept_and_nothing_written(tmp_path: Path) -> None:
    memory = Memory.open(API_KEY, settings=Settings(), clock=StandingClock(), metrics=Metrics())
    tell(memory, [delivery(1)])
    memory.acknowledge(1)
    memory.intend(intent("mine"))
    memory.withdraw("mine")
    memory.frame(0, 1, b"{}")
    memory.cover(1, 1)
    memory.start_over(1)
    memory.commit()

    assert memory.recall().told == ()
    assert memory.recall().next_delivery_id == 1
    assert memory.damage == ""
    memory.close()
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240  the directory is all there is to look at


async def test_what_was_told_is_acknowledged_in_groups(path: Path) -> None:
    """Rule 28: at most a group is told again."""
    memory = opened(path)
    tell(memory, [delivery(number) for number in range(1, 8)])
    for number in range(1, 6):
        memory.acknowledge(number)
    killed(memory)

    assert ids(left(path).unacknowledged) == [4, 5, 6, 7]


async def test_details_count_for_the_group_as_deliveries_do(path: Path) -> None:
    memory = opened(path)
    tell(memory, [delivery(1), details(7), delivery(2), details(8)])
    for delivery_id in (1, 0, 2):
        memory.acknowledge(delivery_id)
    killed(memory)

    assert [item.kind for item in left(path).unacknowledged] == ["details"]


async def test_the_first_watermark_is_kept_at_once_and_later_ones_with_what_they_cover(path: Path) -> None:
    """Rule 13: whoever is killed right after the first look does not begin anew."""
    memory = opened(path)
    memory.cover(5_000, 4_000)
    memory.cover(6_000, 4_000)
    killed(memory)

    found = left(path)
    assert (found.watermark, found.floor) == (5_000, 4_000)


async def test_what_is_told_before_the_first_look_leaves_the_watermark_where_it_was(path: Path) -> None:
    """Rule 28: a restart begins at the watermark, also the second one in a row."""
    memory = opened(path)
    memory.cover(5_000, 4_000)
    memory.close()
    memory = opened(path)
    memory.recall()
    tell(memory, [delivery(1)])
    killed(memory)

    found = left(path)
    assert (found.watermark, found.floor) == (5_000, 4_000)


async def test_an_intent_says_that_its_order_is_ours_for_as_long_as_the_order_is_known(path: Path) -> None:
    clock = StandingClock()
    memory = opened(path, clock)
    memory.intend(MINE)
    assert memory.recall().intents == (MINE,)
    tell(memory, [delivery(1), delivery(2, status="FILLED"), delivery(3, order=8, client_order_id="others")])
    memory.acknowledge(3)

    found = memory.recall()
    assert found.intents == ()
    assert found.ours == {("BTCUSDT", "7"): MINE}
    memory.close()
    clock.now_ms += int(Settings().journal_retention_s * 1000) + 1
    memory = opened(path, clock)
    assert memory.recall().ours == {}
    memory.close()


async def test_an_intent_that_was_withdrawn_is_asked_for_no_more(path: Path) -> None:
    memory = opened(path)
    memory.intend(MINE)
    memory.withdraw("mine")
    memory.close()

    assert left(path).intents == ()


async def test_a_name_that_is_used_again_is_in_flight_beside_the_order_that_bore_it(path: Path) -> None:
    """Rule 2: a client order id is an attribute."""
    memory = opened(path)
    memory.intend(MINE)
    tell(memory, [delivery(1, status="FILLED")])
    memory.intend(MINE)
    killed(memory)

    found = left(path)
    assert found.intents == (MINE,)
    assert found.ours.keys() == {("BTCUSDT", "7")}


async def test_starting_over_keeps_the_orders_of_the_new_exchange_alone(path: Path) -> None:
    """Rule 20: ids go on, and so does what is in flight; the journal as it was is beside."""
    memory = opened(path)
    old = delivery(1)
    at = old.update["order_trade_time"]
    new = delivery(3, order=9)
    new.update["order_trade_time"] = at + 1_000
    memory.intend(intent("in-flight"))
    memory.cover(at, at)
    tell(memory, [old, delivery(2, order=8, status="FILLED"), new])
    memory.acknowledge(3)
    memory.start_over(at + 500)
    tell(memory, [delivery(4, order=7, status="EXPIRED"), delivery(5, order=9, status="CANCELED")])

    found = memory.recall()
    assert ids(found.told) == [3, 5]
    assert ids(found.unacknowledged) == [5]
    assert found.next_delivery_id == 6
    assert (found.watermark, found.floor) == (at, at)
    assert found.intents == (intent("in-flight"),)
    memory.close()
    (aside,) = path.parent.glob("*.before-reset-*")
    assert ids(left(aside).told) == [1, 2, 3]


async def test_an_id_that_the_new_exchange_uses_again_is_the_new_order(path: Path) -> None:
    memory = opened(path)
    old = delivery(1, status="FILLED")
    new = delivery(2, client_order_id="new")
    new.update["order_trade_time"] = old.update["order_trade_time"] + 1_000
    tell(memory, [old, new])
    memory.acknowledge(2)
    memory.start_over(old.update["order_trade_time"] + 500)

    assert ids(memory.recall().told) == [2]
    memory.close()


async def test_ids_of_what_is_not_kept_are_used_up_all_the_same(path: Path) -> None:
    memory = opened(path)
    tell(memory, [delivery(1)])
    memory.acknowledge(1)
    memory.start_over(delivery(1).update["order_trade_time"] + 1)
    tell(memory, [delivery(2, status="EXPIRED")])
    killed(memory)

    found = left(path)
    assert found.told == ()
    assert found.next_delivery_id == 3


async def test_damage_is_said(path: Path) -> None:
    memory = opened(path)
    tell(memory, [delivery(number) for number in range(1, 50)])
    memory.close()
    spoil(path)
    memory = opened(path)

    assert "The damaged file is kept as" in memory.damage
    memory.close()


async def test_after_its_close_nothing_is_asked_of_the_journal(path: Path) -> None:
    memory = opened(path)
    memory.close()
    tell(memory, [delivery(1)])
    memory.close()

    assert left(path).told == ()


async def test_a_journal_that_fails_keeps_back_what_it_could_not_keep_and_nothing_else(path: Path) -> None:
    memory = opened(path)
    happened: list[str] = []
    memory.write_ahead([delivery(1)], lambda: happened.append("a delivery"))
    memory.in_order(lambda: happened.append("a state"))
    killed(memory)
    with pytest.raises(JournalError):
        memory.flush()

    assert happened == ["a state"]
    memory.close()
    opened(path).close()


async def test_a_journal_that_is_in_use_is_refused(path: Path) -> None:
    memory = opened(path)
    with pytest.raises(JournalError, match="in use"):
        opened(path)
    memory.close()
