"""The mutants are such as they say: they apply to the present code, compile, and leave no rule of the ledger out."""

from __future__ import annotations

import compileall
import difflib
from pathlib import Path

import pytest

from tests.mutants.hunt import fails_anyway, hunt
from tests.mutants.mutant import ROOT, Mutant, MutantError, all_mutants

MUTANTS = all_mutants()
RULES = set(range(1, 29))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_patch_applies_to_the_present_code_and_what_it_makes_compiles(mutant: Mutant, tmp_path: Path) -> None:
    package = mutant.apply(tmp_path)

    assert mutant.files
    for name in mutant.files:
        changed = tmp_path / name
        assert changed.read_text() != (ROOT / name).read_text()
        assert compileall.compile_file(changed, quiet=2, force=True)
    assert package.name == "user_stream"


def test_every_rule_of_the_ledger_is_weakened_by_a_mutant() -> None:
    assert RULES - set().union(*(mutant.rules for mutant in MUTANTS)) == set()


def test_every_mutant_says_what_it_does() -> None:
    for mutant in MUTANTS:
        assert mutant.weakens
        assert mutant.does.endswith("."), mutant.name


def test_patch_that_does_not_apply_is_named_and_told_how_to_mend(tmp_path: Path) -> None:
    stale = tmp_path / "99-stale.patch"
    stale.write_text(MUTANTS[0].path.read_text().replace("self.fills", "self.nobody_wrote_this"))

    with pytest.raises(MutantError, match=r"99-stale\.patch does not apply any more"):
        Mutant(stale).apply(tmp_path / "copy")


def test_unknown_mutant_is_named() -> None:
    with pytest.raises(MutantError, match="no mutant is called 'nobody'"):
        all_mutants("nobody")


def test_mutant_that_cannot_be_imported_is_an_outcome_and_the_others_are_hunted_all_the_same(tmp_path: Path) -> None:
    name = "user_stream/__init__.py"
    before = (ROOT / name).read_text().splitlines(keepends=True)
    broken = difflib.unified_diff(before, [*before, "import nowhere_at_all\n"], f"a/{name}", f"b/{name}")
    patch = tmp_path / "98-broken.patch"
    patch.write_text("".join(broken))
    mutants = [Mutant(patch), Mutant(patch)]
    outcomes = list(hunt(mutants, seeds=[1], hours=0.1, workers=1))

    assert [outcome.mutant for outcome in outcomes] == mutants
    for outcome in outcomes:
        assert outcome.error.startswith("no seed could be played:\n")
        assert "No module named 'nowhere_at_all'" in outcome.error
        assert not outcome.showed


@pytest.mark.no_cover
def test_mutant_is_caught_and_the_seed_that_shows_it_passes_without_it() -> None:
    """One of them, by few seeds; `make mutants` plays them all."""
    mutants = all_mutants("01-no-deduplication")
    (outcome,) = hunt(mutants, seeds=range(1, 4), hours=0.25, workers=1)

    assert outcome.showed
    assert outcome.seed is not None
    assert not fails_anyway(outcome.seed, 0.25)
