"""Deliberate bugs: the proof that the laboratory can fail.

Each patch file here weakens one rule of the ledger, or one answer to a failure that others have met, in a copy of the
real package. The first line of a patch says what it weakens, the second what it does. A laboratory that lets one pass
would let pass whoever makes the same mistake by accident.

    $ python -m tests.mutants                       # every mutant, up to 200 seeds each
    $ python -m tests.mutants --only no-dedup --seeds 20

| module   | does                                                            |
|----------|-----------------------------------------------------------------|
| `mutant` | reads the patches, and makes a copy of the package with one     |
| `worker` | plays seeds with one such copy, in a process of its own         |
| `hunt`   | runs the workers, and says how each mutant was caught           |
"""
