"""A deliberate bug, as a patch file, and the package with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["ROOT", "Mutant", "MutantError", "all_mutants"]

ROOT: Final = Path(__file__).parents[2]
_PACKAGE: Final = "user_stream"
_WEAKENS: Final = re.compile(r"(?P<what>(Rule|Row) .+) is weakened\.")


class MutantError(Exception):
    """A patch that cannot be used; says which, and why."""


@dataclass(frozen=True)
class Mutant:
    """One patch file."""

    path: Path

    @property
    def name(self) -> str:
        """Its file's name."""
        return self.path.stem

    @property
    def weakens(self) -> str:
        """The rules of the ledger, and the rows of known failures, that it weakens: `Rule 26, row 1`."""
        first = self.path.read_text().partition("\n")[0]
        if (match := _WEAKENS.fullmatch(first)) is None:
            message = f"{self.path.name}: the first line has to be like `Rule 7 is weakened.`, and it is {first!r}"
            raise MutantError(message)
        return match["what"]

    @property
    def rules(self) -> set[int]:
        """The numbers of the ledger's rules that it weakens."""
        return {int(number) for number in re.findall(r"Rule (\d+)", self.weakens)}

    @property
    def does(self) -> str:
        """What it does, in a line."""
        return " ".join(self.path.read_text().partition("\n")[2].partition("\n\n")[0].split())

    @property
    def files(self) -> list[str]:
        """What it changes."""
        return re.findall(r"^\+\+\+ b/(\S+)$", self.path.read_text(), re.MULTILINE)

    def apply(self, directory: Path) -> Path:
        """Make a copy of the package with this bug in a directory, and return the copy.

        Raises `MutantError` when the patch does not fit the present code.
        """
        copy = shutil.copytree(ROOT / _PACKAGE, directory / _PACKAGE)
        # git would take the paths for those of a repository around the directory, if there were one
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(directory.resolve().parent)}
        command = ["git", "apply", "--whitespace=nowarn", str(self.path.resolve())]
        done = subprocess.run(  # noqa: S603  our own patch
            command, cwd=directory, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            message = (
                f"{self.path.name} does not apply any more; make the same mistake in the present code, and write "
                f"the patch anew with `git diff -U1`:\n{done.stderr.strip()}"
            )
            raise MutantError(message)
        return copy


def all_mutants(name: str = "") -> list[Mutant]:
    """Return the mutants whose name has this in it. Raises `MutantError` when there is none."""
    found = [Mutant(path) for path in sorted(Path(__file__).parent.glob("*.patch")) if name in path.stem]
    if not found:
        message = f"no mutant is called {name!r}; they are the files {Path(__file__).parent}/*.patch"
        raise MutantError(message)
    return found
