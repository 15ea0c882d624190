"""A process to be killed: it sends orders and hears of them through a journal, and says so line by line.

    again <id>   told again after a restart        sent <n>     an order's request went out
    told <id>    told                              flight <n>   an order was in flight when the process before ended

Run as `python -m tests.scenarios.journal_engine JOURNAL SEED`; it goes on until it is killed.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from tests.user_stream.journal_facts import StandingClock, delivery, intent, opened

GROUP = 8


def say(word: str, number: int) -> None:
    """Say it in one piece: whatever the reader has got was said before the kill."""
    os.write(1, f"{word} {number}\n".encode())


def main(path: Path, seed: int) -> None:
    """Trade until killed."""
    clock = StandingClock()
    journal = opened(path, clock=clock, retention_s=60)
    if journal.damage is not None:
        sys.exit(journal.damage)
    draw = random.Random(seed)  # noqa: S311  a case, not a secret
    resumption = journal.resumption
    for item in resumption.unacknowledged:
        say("again", item.update["delivery_id"])
        journal.acknowledge(item.update["delivery_id"])
    for known in resumption.intents:
        say("flight", int(known.client_order_id))
        journal.settle_intent(known.client_order_id)
    number = resumption.next_delivery_id
    while True:
        journal.intend(intent(str(number)))
        say("sent", number)
        journal.frame(clock.now_ms, 1, b"{}" * draw.randrange(3_000))
        group = [delivery(number + n, order=number, status="NEW") for n in range(draw.randrange(1, GROUP))]
        group.append(delivery(number + len(group), order=number, status="FILLED"))
        journal.write_ahead(group)
        for item in group:
            say("told", item.update["delivery_id"])
            journal.acknowledge(item.update["delivery_id"])
            if draw.random() < 0.1:
                journal.commit()
        journal.settle_intent(str(number))
        number += len(group)
        clock.now_ms += draw.randrange(10_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
