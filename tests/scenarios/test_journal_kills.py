"""Killed at any instant, a process and the next one tell everything once, but for one group (rule 28, row 19)."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from tests.scenarios.journal_engine import GROUP

ROOT = Path(__file__).parents[2]
KILLS = 12


def killed_life(path: Path, seed: int, lines: int) -> list[tuple[str, int]]:
    """Let a process live until it has said so many lines, kill it with SIGKILL, and return all that it said."""
    command = [sys.executable, "-m", "tests.scenarios.journal_engine", str(path), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1) as process:  # noqa: S603  our own
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()
    assert process.returncode == -9, said
    words = [line.split() for line in said]
    return [(word, int(number)) for word, number in words]


def numbers(said: list[tuple[str, int]], word: str) -> list[int]:
    return [number for kind, number in said if kind == word]


def test_killed_at_any_instant_everything_is_told_once_but_for_one_group(tmp_path: Path) -> None:
    """Rule 28: what is told again was told within the last group, bears its id, and is marked; nothing is missing."""
    draw = random.Random(28)  # noqa: S311  a case, not a secret
    lives = [killed_life(tmp_path / "journal", seed, draw.randrange(1, 400)) for seed in range(KILLS)]

    heard: set[int] = set()
    for life in lives:
        again = numbers(life, "again")
        assert len(again) <= GROUP
        assert again == sorted(again)
        assert all(number > max(heard, default=0) - GROUP for number in again)
        told = numbers(life, "told")
        assert not heard & set(told)
        heard |= set(again) | set(told)
        assert told == sorted(told)
    assert heard == set(range(1, max(heard) + 1))
    assert len(heard) > 1_000


def test_killed_between_request_and_answer_the_order_is_in_flight_at_the_next_start(tmp_path: Path) -> None:
    """Row 19: kill -9 between sending and the answer."""
    draw = random.Random(19)  # noqa: S311  a case, not a secret
    sent: list[int] = []
    for seed in range(KILLS // 2):
        life = killed_life(tmp_path / "journal", seed, draw.randrange(1, 60))
        flight = numbers(life, "flight")
        if sent and numbers(life, "sent"):  # else it may have been killed before it could say so
            assert len(flight) == 1
            assert flight[0] >= sent[-1]  # the last one that was sent, or one whose intent was all there was time for
        sent += numbers(life, "sent")
    assert sent == sorted(sent)
