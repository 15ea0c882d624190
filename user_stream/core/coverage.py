"""Until when everything is known.

The *watermark*, in the exchange's transaction time, is the moment up to which every event of the account was told. Two
things move it. A connection that is proven moves it by each *semantic proof*: an event, a keepalive answered with the
key that it is bound to, a comparison in which REST showed nothing that the stream had not told. A pong proves that a
socket lives, not that events come through it, so it moves nothing; nor does a fill that was booked, for others before
it may be missing.

A *gap* opens when the last connection that told everything ends, and begins at the watermark. REST closes it, but only
provisionally: a fill made 50 ms before the reconnect may be in no answer yet, and its order still be listed as open.
So while a gap is open or unconfirmed, proofs are kept aside and the watermark stays; whatever breaks meanwhile is
recovered from before the first gap. A second pass from the same watermark, begun when REST's lag has passed since, that
finds nothing new confirms it, and moves the watermark to the last proof.

A stream that was found to keep something quiet has vouched for too much: its proofs count no more than REST has shown
since. The watermark goes back to the last comparison that found nothing, or the last pass that was confirmed.
"""

from __future__ import annotations

from user_stream.core.lifecycle import GapOpened, GapRepaired
from user_stream.core.repair_report import RepairReport, merge

__all__ = ["Coverage"]


class Coverage:
    """One account's watermark and gap. `overlap_ms`: how far before the watermark a recovery begins to read.

    What was made before `floor` is known, and never told. All times are exchange ms.
    """

    def __init__(self, *, overlap_ms: int) -> None:
        self._overlap_ms = overlap_ms
        self.watermark = 0
        self.floor = 0
        self.gap: GapOpened | None = None
        self._known = False
        self.proven_until = 0
        """The last semantic proof; the watermark stays behind it while a repair is unconfirmed."""
        self._repaired: GapRepaired | None = None
        self._unconfirmed = True
        self.whole_since = 0
        """From when on a connection told everything: what happened later is the stream's to tell."""
        self.shown_until = 0
        """Until when REST showed nothing that was not told; what came later only the stream has vouched for."""

    @property
    def since(self) -> int:
        """From when on a recovery has to read."""
        return max(self.watermark - self._overlap_ms, self.floor)

    @property
    def confirmed(self) -> bool:
        """True while nothing before the present connection is in doubt."""
        return not self._unconfirmed and self.gap is None

    def resume(self, watermark: int, floor: int) -> GapOpened | None:
        """Go on from what a journal kept of an earlier process. Return what to say; None when there was none."""
        self.watermark = self.proven_until = self.shown_until = watermark
        self.floor = floor
        self._known = bool(watermark)
        return self.open("the process was not running")

    @property
    def owed_since(self) -> int:
        """From when on everything must have been told; before, REST may have hidden it. 0 when nothing is in doubt."""
        return 0 if self.confirmed else self.whole_since

    def begin(self, now: int) -> None:
        """Start reading for the first time: what is older than `now` is known unless a journal says otherwise."""
        self.shown_until = self.shown_until or now
        self.floor = self.floor or now
        self.watermark = self.watermark or now

    def prove(self, until: int) -> None:
        """Take it as proven that a live connection told everything until then."""
        if self.gap is not None:
            return  # what is known with a gap before it covers nothing
        self.proven_until = max(self.proven_until, until)
        if not self._unconfirmed:
            self.watermark = max(self.watermark, self.proven_until)

    def show(self, until: int) -> None:
        """Take it that REST, as it was then, showed nothing that was not told."""
        if self.confirmed:
            self.shown_until = max(self.shown_until, until)

    def disbelieve(self) -> None:
        """The stream kept something quiet: what it vouched for since REST showed everything is in doubt."""
        self.watermark = self.proven_until = min(self.watermark, self.shown_until)

    def open(self, cause: str) -> GapOpened | None:
        """Nobody tells everything any more. Return what to say, or None when that is said, or nothing was known yet."""
        self._unconfirmed = True
        if self.gap is not None or not self._known:
            return None
        self.gap = GapOpened(self.watermark, cause)
        self.proven_until = self.watermark
        return self.gap

    def close(self, until: int, report: RepairReport) -> GapRepaired | None:
        """REST was read, beginning at `until`, and a connection told everything since before then.

        Return what to say, provisionally; None when no gap was open.
        """
        self._known = self._unconfirmed = True
        self.whole_since = until
        self.proven_until = max(self.proven_until, until)
        if self.gap is None:
            return None
        since = self.gap.since if self._repaired is None else min(self.gap.since, self._repaired.since)
        earlier = RepairReport() if self._repaired is None else self._repaired.report
        self._repaired = GapRepaired(since, until, merge(earlier, report), provisional=True)
        self.gap = None
        return GapRepaired(since, until, report, provisional=True)

    def found_more(self, report: RepairReport) -> None:
        """A pass that was to confirm found something new; it is reported when one finds nothing."""
        if self._repaired is not None:
            held = self._repaired
            self._repaired = GapRepaired(held.since, held.until, merge(held.report, report), provisional=True)

    def confirm(self) -> GapRepaired | None:
        """Take it that a pass, begun when REST's lag had passed, found nothing new. Return what to say, if anything.

        With a gap open it confirms nothing.
        """
        if self.gap is not None:
            return None
        self._unconfirmed = False
        self.watermark = max(self.watermark, self.proven_until)
        self.shown_until = max(self.shown_until, self.whole_since)
        repaired, self._repaired = self._repaired, None
        return None if repaired is None else GapRepaired(repaired.since, repaired.until, repaired.report)
