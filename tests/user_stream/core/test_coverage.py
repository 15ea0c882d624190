"""The watermark: whatever proves, breaks and repairs the stream, everything before it was told."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from user_stream.core.coverage import Coverage
from user_stream.core.lifecycle import GapOpened, GapRepaired
from user_stream.core.repair_report import RecoveredBalance, RepairReport

NOTHING = RepairReport()


def found(asset: str) -> RepairReport:
    return RepairReport(balances=(RecoveredBalance(asset, "1"),))


def live(*, since: int = 1_000, proven: int = 2_000) -> Coverage:
    """Return the coverage of a service that went live at `since`, confirmed that, and heard of an event since."""
    coverage = Coverage(overlap_ms=100)
    coverage.begin(since)
    coverage.close(since, NOTHING)
    coverage.confirm()
    coverage.prove(proven)
    return coverage


def test_the_first_start_knows_everything_before_it() -> None:
    """Rule 7: what was made before is a baseline."""
    coverage = Coverage(overlap_ms=100)
    coverage.begin(1_000)
    coverage.begin(1_500)

    assert (coverage.watermark, coverage.floor, coverage.since) == (1_000, 1_000, 1_000)
    assert not coverage.confirmed


def test_what_was_never_known_cannot_be_lost() -> None:
    coverage = Coverage(overlap_ms=100)
    coverage.begin(1_000)

    assert coverage.open("refused") is None
    assert coverage.close(2_000, NOTHING) is None
    assert coverage.open("cut") == GapOpened(1_000, "cut")


def test_proof_of_a_connection_moves_the_watermark() -> None:
    """Rule 13."""
    coverage = live(proven=2_000)

    assert coverage.watermark == 2_000
    coverage.prove(1_999)
    assert coverage.watermark == 2_000
    assert coverage.since == 1_900


def test_stream_that_kept_something_quiet_has_proven_no_more_than_rest_showed() -> None:
    coverage = live(since=1_000, proven=9_000)
    coverage.show(5_000)
    coverage.disbelieve()

    assert coverage.open("silent") == GapOpened(5_000, "silent")
    assert coverage.since == 4_900


def test_comparison_while_a_repair_is_in_doubt_shows_nothing() -> None:
    coverage = live(since=1_000, proven=2_000)
    coverage.open("cut")
    coverage.close(3_000, NOTHING)
    coverage.show(4_000)
    assert coverage.shown_until == 1_000

    coverage.confirm()
    assert coverage.shown_until == 3_000


def test_gap_begins_at_the_last_proof() -> None:
    """Rule 14: not when it was noticed."""
    assert live(proven=2_000).open("cut") == GapOpened(2_000, "cut")


def test_gap_is_said_once_with_its_first_cause() -> None:
    coverage = live()
    coverage.open("cut")

    assert coverage.open("cut again") is None
    assert coverage.gap == GapOpened(2_000, "cut")


def test_nothing_proves_anything_while_a_gap_is_open() -> None:
    coverage = live()
    coverage.open("cut")
    coverage.prove(9_000)

    assert (coverage.watermark, coverage.proven_until) == (2_000, 2_000)
    assert coverage.confirm() is None
    assert not coverage.confirmed
    assert coverage.watermark == 2_000


def test_first_pass_closes_the_gap_and_leaves_the_watermark() -> None:
    """Rule 16: a fill 50 ms before the reconnect is in no answer yet."""
    coverage = live()
    coverage.open("cut")

    assert coverage.close(5_000, found("A")) == GapRepaired(2_000, 5_000, found("A"), provisional=True)
    coverage.prove(6_000)
    assert (coverage.watermark, coverage.proven_until, coverage.confirmed) == (2_000, 6_000, False)


def test_second_pass_confirms_what_both_found_and_moves_the_watermark_to_the_last_proof() -> None:
    """Rule 16."""
    coverage = live()
    coverage.open("cut")
    coverage.close(5_000, found("A"))
    coverage.found_more(found("B"))
    coverage.prove(6_000)
    both = RepairReport(balances=(RecoveredBalance("A", "1"), RecoveredBalance("B", "1")))

    assert coverage.watermark == 2_000, "what was found shows that there may be more"
    assert coverage.confirm() == GapRepaired(2_000, 5_000, both)
    assert (coverage.watermark, coverage.confirmed) == (6_000, True)
    assert coverage.confirm() is None, "it is said once"


def test_second_gap_before_the_first_is_confirmed_is_read_from_before_the_first() -> None:
    """Rule 16: a second cut."""
    coverage = live()
    coverage.open("cut")
    coverage.close(5_000, found("A"))
    coverage.prove(6_000)

    assert coverage.open("cut again") == GapOpened(2_000, "cut again")
    assert coverage.since == 1_900
    assert coverage.confirm() is None, "a pass that was under way confirms nothing"
    coverage.close(8_000, found("B"))
    both = RepairReport(balances=(RecoveredBalance("A", "1"), RecoveredBalance("B", "1")))
    assert coverage.confirm() == GapRepaired(2_000, 8_000, both)
    assert coverage.watermark == 8_000


def test_restart_begins_with_a_gap_since_the_journals_watermark() -> None:
    """Rule 28."""
    coverage = Coverage(overlap_ms=100)

    assert coverage.resume(7_000, 3_000) == GapOpened(7_000, "the process was not running")
    coverage.begin(9_000)
    assert (coverage.watermark, coverage.floor, coverage.since) == (7_000, 3_000, 6_900)


def test_restart_without_a_journal_is_a_first_start() -> None:
    assert Coverage(overlap_ms=100).resume(0, 0) is None


def test_recovery_never_reads_what_was_made_before_the_first_start() -> None:
    assert live(since=1_000, proven=1_050).since == 1_000


# --- any sequence ------------------------------------------------------------------------------------------------

DEEDS = ("prove", "open", "close", "found more", "confirm")


def do(coverage: Coverage, deed: str, now: int) -> None:
    if deed == "prove":
        coverage.prove(now)
    elif deed == "open":
        coverage.open("cut")
    elif deed == "close":
        coverage.close(now, NOTHING)
    elif deed == "found more":
        coverage.found_more(found("A"))
    else:
        coverage.confirm()


def test_watermark_never_goes_back_and_never_moves_while_a_gap_is_open_or_unconfirmed() -> None:
    """Rules 13 and 16, by every sequence of six deeds, proofs being old or new."""
    for deeds in product(DEEDS, repeat=6):
        coverage = live()
        for number, deed in enumerate(deeds):
            in_doubt, before = not coverage.confirmed, coverage.watermark
            had_gap = coverage.gap is not None
            do(coverage, deed, 2_000 + (number * 700) % 1_900)
            assert coverage.watermark >= before
            assert coverage.watermark <= coverage.proven_until
            if coverage.watermark > before:
                assert deed in {"prove", "confirm"}
                assert not had_gap
                assert not (deed == "prove" and in_doubt)


LAG = 5


class Stream:
    """One event happens at each tick. A connection tells those of its life; REST hides the last `LAG` of them."""

    def __init__(self) -> None:
        self.coverage = Coverage(overlap_ms=1)
        self.now = 10
        self.told: set[int] = set()
        self.connected = False
        self.whole_since: int | None = None
        """When the present connection went live."""

    def tick(self) -> None:
        """Let an event happen."""
        self.now += 1
        if self.connected:
            self.told.add(self.now)
            if self.whole_since is not None:
                self.coverage.prove(self.now)

    def look(self) -> set[int]:
        """Read what REST shows from where a recovery reads, and tell it. Return what was news."""
        self.coverage.begin(self.now)
        shown = set(range(self.coverage.since, self.now - LAG + 1)) - self.told
        self.told |= shown
        return shown

    def connect(self) -> None:
        """Connect and read what was missed."""
        if not self.connected:
            self.connected, self.whole_since = True, self.now
            self.look()
            self.coverage.close(self.now, NOTHING)

    def cut(self) -> None:
        """End the connection."""
        if self.connected:
            self.connected, self.whole_since = False, None
            self.coverage.open("cut")

    def confirm(self) -> None:
        """Look once more, if the lag has passed since the connection went live."""
        if self.whole_since is not None and self.now - self.whole_since >= LAG:
            if self.look():
                self.coverage.found_more(found("A"))
            else:
                self.coverage.confirm()

    def nothing_before_the_watermark_is_missing(self) -> None:
        """See that everything up to the watermark was told."""
        assert set(range(self.coverage.floor + 1, self.coverage.watermark + 1)) <= self.told


@settings(max_examples=300)
@given(st.lists(st.sampled_from(["tick", "tick", "tick", "tick", "connect", "cut", "confirm"]), max_size=80))
def test_everything_before_the_watermark_was_told(deeds: list[str]) -> None:
    """Rules 13 to 16: cuts at any time, again and again, before and after confirmations."""
    stream = Stream()
    for deed in deeds:
        getattr(stream, deed)()
        stream.nothing_before_the_watermark_is_missing()


@given(st.lists(st.sampled_from(["tick", "connect", "cut", "confirm"]), max_size=40))
def test_when_the_faults_stop_everything_is_told_and_confirmed(deeds: list[str]) -> None:
    stream = Stream()
    for deed in deeds:
        getattr(stream, deed)()
    stream.connect()
    for _ in range(LAG):
        stream.tick()
    stream.confirm()
    stream.confirm()

    assert stream.coverage.confirmed
    assert stream.coverage.watermark >= stream.now - LAG
    stream.nothing_before_the_watermark_is_missing()
