"""Published rules of contamination, and Luthier's own: each a small function from evidence to a verdict.

The figures are the published ones. Where a rule speaks of tokens of a model, words stand for them here; where it is
silent about a whole set, one dirty item makes the set dirty. Under every profile a gram that stands in more than 20
evaluation items is no evidence (it is their template).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from luthier.similar.evidence import Evidence, Found, Side, SideName, Stretch, length, merged

Word = Literal["clean", "suspect", "dirty"]
WORDS: tuple[Word, Word, Word] = ("clean", "suspect", "dirty")


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on one item and the reason, with the side and the training row that decided (if one did)."""

    word: Word
    why: str = ""
    side: SideName | None = None
    row: int | None = None


CLEAN = Judged("clean")


@dataclass(frozen=True, slots=True)
class Profile:
    """A named rule. ``item`` judges an item; a set is dirty when more than ``allowed`` of its items are dirty."""

    name: str
    rule: str
    source: str
    item: Callable[[Evidence], Judged]
    allowed: float = 0.0

    def judge(self, found: Found) -> tuple[Judged, ...]:
        """The verdict on each item."""
        return tuple(self.item(evidence) for evidence in found.items)

    def of_set(self, judged: Sequence[Judged]) -> Word:
        """The verdict on the set; suspect items count when they are more than 2% (and one dirty item always does)."""
        dirty, suspect = (sum(one.word == word for one in judged) for word in ("dirty", "suspect"))
        if dirty > self.allowed * len(judged):
            return "dirty"
        return "suspect" if dirty or suspect > 0.02 * len(judged) else "clean"


# -- Luthier

SURE, MOST, ALL = 13, 0.52, 0.9


def luthier(evidence: Evidence) -> Judged:
    """Dirty: a row asks the very question; or has 52% of a side, 13 words of it in one run and no boilerplate; or has
    90% of a side in one run. Suspect: a run of 13 telling words that is less, or 80% of a question of 8 to 12 words.
    Sides under 13 words can be no more than suspect (unless the very question is asked).

    Chosen on measured evidence (docs/contamination.md): one row must hold the evidence, because unrelated rows
    together cover half of a templated item easily; boilerplate is left out first, because published rules accuse
    templates; an answer counts by itself, but several rows with the same answer are canned answers rather than a leak;
    eight words in a row are said by chance.
    """
    if evidence.question.same:
        return Judged("dirty", "the very same question", "question", evidence.question.same[0][0])
    question, answer = (_one_side(name, side) for name, side in evidence.sides)
    if answer.word == "dirty" and (rows := _rows_with(evidence.answer)) > 1:
        answer = Judged("suspect", f"{rows} rows give this answer: canned, or copied", "answer", answer.row)
    return max((question, answer), key=lambda one: WORDS.index(one.word))


def _one_side(name: SideName, side: Side) -> Judged:
    suspect = CLEAN
    for row, stretches in side.telling_by_row.items():
        run, share = max(end - start for start, end in stretches), side.shared_with(row)
        if side.words < SURE:
            if name == "question" and share >= 0.8:
                return Judged("suspect", f"{run} of its {side.words} words in a row", name, row)
        elif run >= SURE and share >= MOST:
            return Judged("dirty", f"{share:.0%} of its words, {run} of them in one run", name, row)
        elif run >= SURE and suspect is CLEAN:
            suspect = Judged("suspect", f"a run of {run} of its {side.words} words", name, row)
    for span in side.spans:
        if span.own and side.words >= SURE and span.words >= ALL * side.words:
            return Judged("dirty", f"{span.words} of its {side.words} words in one run", name, span.row)
    return suspect


def _rows_with(side: Side) -> int:
    """Training rows that share most of a side, its boilerplate included."""
    runs: dict[int, list[Stretch]] = {}
    for span in side.spans:
        runs.setdefault(span.row, []).append((span.at, span.end))
    return sum(length(merged(found)) >= MOST * side.words for found in runs.values())


def decidable(side: Side) -> bool:
    """Whether Luthier's rule could find a copy of this side inside other text: enough of it is no boilerplate."""
    return side.open >= SURE and side.open >= MOST * side.words


# -- published


def gpt3(evidence: Evidence) -> Judged:
    """Dirty: any n-gram in common, n being the 5th percentile of the set's lengths, clipped to 8..13; n-grams in more
    than 10 different training texts are ignored.

    Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C.
    """
    for name, side in evidence.sides:
        if side.rare_grams:
            row = next((span.row for span in side.spans), None)
            return Judged("dirty", f"{side.rare_grams} n-grams in common", name, row)
    return CLEAN


def llama2(evidence: Evidence) -> Judged:
    """Clean below 20% of contaminated words, dirty from 80%, between them neither. A word is contaminated when it lies
    in a run of at least 10 words that a training row has too, of which up to 4 may differ but none of the first 10.

    Touvron et al. 2023, "Llama 2: Open Foundation and Fine-Tuned Chat Models", appendix A.6. The run goes on to the
    right only, as there.
    """
    covered, total = 0, evidence.question.words + evidence.answer.words
    best: tuple[int, SideName, int] | None = None
    for name, side in evidence.sides:
        runs = [span for span in side.spans if span.reach]
        covered += length(merged((span.at, span.at + span.reach) for span in runs))
        for span in runs:
            if best is None or span.reach > best[0]:
                best = (span.reach, name, span.row)
    if best is None:
        return CLEAN
    share = covered / total
    word: Word = "dirty" if share >= 0.8 else "suspect" if share >= 0.2 else "clean"
    return Judged(word, f"{share:.0%} of its words are contaminated", best[1], best[2])


def tulu3(evidence: Evidence) -> Judged:
    """Dirty: more than half of the question's words lie in 8-grams that one training prompt has too (user turns only).

    Lambert et al. 2024, "Tulu 3: Pushing Frontiers in Open Language Model Post-Training", section 3.2, and
    allenai/open-instruct. A set is flagged when more than 2% of its items are dirty.
    """
    side = evidence.question
    rows: dict[int, list[tuple[int, int]]] = {}
    for span in side.spans:
        if span.role == "user":
            rows.setdefault(span.row, []).append((span.at, span.end))
    shares = {row: length(merged(runs)) / side.words for row, runs in rows.items()}
    row = min(shares, key=lambda row: (-shares[row], row), default=None)
    if row is None or shares[row] <= 0.5:
        return CLEAN
    return Judged("dirty", f"{shares[row]:.0%} of the question's words in 8-grams of one prompt", "question", row)


PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("luthier", "52% of a side, 13 words of it in one run of one row, boilerplate left out", "Luthier",
                luthier),
        Profile("gpt3", "any n-gram in common (n = 5th percentile of lengths, 8..13)", "Brown et al. 2020", gpt3),
        Profile("llama2", "80% of the words in runs of 10 or more with up to 4 skips", "Touvron et al. 2023", llama2),
        Profile("tulu3", "half of the question in 8-grams of one prompt; 2% of items flag a set", "Lambert et al. 2024",
                tulu3, allowed=0.02),
    )
}  # fmt: skip
"""By name. A recipe names them in ``data.contamination.profile``."""
