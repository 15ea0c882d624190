"""A campaign that was killed goes on where it was, and its results stay those of one code."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from simulator.chaos.campaign_file import CampaignFile, CampaignFileError, Terms
from simulator.chaos.result import Divergence, RunResult

TERMS = Terms(commit="abc", engine="m:E", hours=1, python="CPython 3.11.7", first=7)


def result(seed: int) -> RunResult:
    lost = Divergence(rule="fill", what="lost", at_ms=1)
    return RunResult(seed=seed, virtual_s=3600, real_s=1, divergences=(lost,), happened={"x": 2}, timeline=("a", "b"))


def written(path: Path, *seeds: int) -> Path:
    with CampaignFile(path) as file:
        file.begin(TERMS)
        for seed in seeds:
            file.add(result(seed))
    return path


def test_what_was_written_is_there_the_next_time(tmp_path: Path) -> None:
    path = written(tmp_path / "campaign", 7, 8)

    with CampaignFile(path) as file:
        file.refuse_others(TERMS)
        file.begin(TERMS)
        assert file.results == [result(7), result(8)]
        assert file.terms == [TERMS]


def test_a_result_is_in_the_file_before_the_next_one_ends(tmp_path: Path) -> None:
    with CampaignFile(tmp_path / "campaign") as file:
        file.begin(TERMS)
        file.add(result(7))

        assert (tmp_path / "campaign").read_bytes().count(b"\n") == 2


def test_a_line_that_was_not_written_to_its_end_is_run_again(tmp_path: Path) -> None:
    path = written(tmp_path / "campaign", 7, 8)
    path.write_bytes(path.read_bytes()[:-20])

    with CampaignFile(path) as file:
        file.begin(TERMS)
        assert [known.seed for known in file.results] == [7]
        file.add(result(8))

    with CampaignFile(path) as file:
        assert [known.seed for known in file.results] == [7, 8]


def test_a_line_of_which_little_was_written_is_run_again_too(tmp_path: Path) -> None:
    path = written(tmp_path / "campaign", 7)
    path.write_bytes(path.read_bytes() + b'{"re')

    with CampaignFile(path) as file:
        assert [known.seed for known in file.results] == [7]


@pytest.mark.parametrize(
    ("name", "value"), [("commit", "abd"), ("engine", "m:F"), ("hours", 24), ("python", "CPython 3.13.0")]
)
def test_results_of_something_else_are_not_gone_on_with(tmp_path: Path, name: str, value: object) -> None:
    other = msgspec.structs.replace(TERMS, **{name: value})
    with CampaignFile(written(tmp_path / "campaign", 7)) as file:
        with pytest.raises(CampaignFileError, match=f"holds results of {name} .*, and this is {value}: .*--force"):
            file.refuse_others(other)
        assert file.results == [result(7)]


def test_forced_on_it_remembers_both(tmp_path: Path) -> None:
    other = msgspec.structs.replace(TERMS, commit="abd")
    path = written(tmp_path / "campaign", 7)
    with CampaignFile(path) as file:
        file.begin(other)

    with CampaignFile(path) as file:
        assert file.terms == [TERMS, other]


def test_other_seeds_are_no_other_campaign(tmp_path: Path) -> None:
    with CampaignFile(written(tmp_path / "campaign", 7)) as file:
        file.refuse_others(msgspec.structs.replace(TERMS, first=900))


@pytest.mark.parametrize("content", ["precious", "precious\n", '{"other": 1}', '{"result": {}}\n'])
def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content)

    with pytest.raises(CampaignFileError, match="notes"):
        CampaignFile(path)

    assert path.read_text() == content


def test_two_campaigns_do_not_write_one_file(tmp_path: Path) -> None:
    path = written(tmp_path / "campaign")

    with CampaignFile(path), pytest.raises(CampaignFileError, match="in use by another"):
        CampaignFile(path)
