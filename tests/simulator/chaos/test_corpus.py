"""What has failed once is tried again, each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.chaos.corpus import CorpusError, KeptSeed, read_corpus

CORPUS = Path(__file__).with_name("corpus.txt")


def test_a_line_is_a_seed_its_hours_and_why() -> None:
    text = "# about\n\n4711 1  # 2026-12-12, a fill was told twice\n  8 0.5\n"

    assert read_corpus(text, "x") == [KeptSeed(4711, 1.0, "2026-12-12, a fill was told twice"), KeptSeed(8, 0.5, "")]


@pytest.mark.parametrize("line", ["4711", "x 1", "1 2 3", "1 h  # one"])
def test_a_line_that_says_no_seed_is_named(line: str) -> None:
    with pytest.raises(CorpusError, match=r"seeds\.txt:2: expected SEED HOURS"):
        read_corpus(f"# about\n{line}\n", "seeds.txt")


def test_each_seed_of_the_corpus_says_when_and_why() -> None:
    for kept in read_corpus(CORPUS.read_text(encoding="utf-8"), CORPUS.name):
        assert kept.reason[:2] == "20", kept
