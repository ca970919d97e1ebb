"""A verdict in the terminal: every figure with its n, interval and margin, in a few plain lines."""

from __future__ import annotations

import dataclasses

from luthier.records import Verdict, VerdictKind
from luthier.report import Story
from luthier.report.figures import duration, signed, tick_label, ticks, value
from luthier.report.terminal import verdict_lines


def test_a_promotion_names_every_baseline_and_every_margin(story: Story) -> None:
    lines = verdict_lines(story.verdict)
    text = "\n".join(lines)
    assert all(len(line) <= 120 for line in lines)
    for said in (
        "n=240", "words + logistic regression 57.1%", "base 4.2%", "tuned 88.8%   +31.7 [+25.1, +38.0] points",
        "91.2% → 90.9%", "−0.4 [−1.3, +0.6]", "margin 2%", "1.412 → 1.418", "held", "PROMOTE",
    ):  # fmt: skip
        assert said in text, said
    assert "rouge_l" not in text, "what is only described is not in the verdict's lines"


def test_a_rejection_shouts_what_broke_and_says_what_to_try(story: Story) -> None:
    broken = dataclasses.replace(story.verdict.results[4], status="broken", delta=-64.5, low=-68.0, high=-60.9)
    advice = ("try: train.tuning: lora · data.replay.share: 25% · " + "a longer word " * 12,)
    lines = verdict_lines(Verdict(VerdictKind.REJECT, "skills broke: lost 64.5 points, margin 2", (broken,), advice))
    assert any("BROKEN" in line and "−64.5 [−68.0, −60.9]" in line for line in lines)
    assert any(line.split()[:1] == ["REJECT"] for line in lines) and any("try: train.tuning: lora" in x for x in lines)
    assert all(len(line) <= 120 for line in lines)


def test_a_verdict_without_lines_is_said_in_one() -> None:
    assert verdict_lines(Verdict(VerdictKind.INCONCLUSIVE, "no target", ())) == ["  INCONCLUSIVE  no target"]


def test_numbers_are_spelled_one_way() -> None:
    assert (value(88.75, "%"), value(1.4123, "bits/byte"), value(None, "%")) == ("88.8%", "1.412", "not scored")
    assert (signed(-0.04), signed(0.4), signed(-27.31)) == ("0.0", "+0.4", "−27.3")
    assert [duration(s) for s in (0.42, 41, 192, 7500)] == ["0.4 s", "41 s", "3 min 12 s", "2 h 05 min"]
    assert ticks(-2.3, 0.6) == [-2.0, -1.0, 0.0] and ticks(0, 100) == [0, 20, 40, 60, 80, 100]
    assert [tick_label(x) for x in (0, 0.0025, 2e-5, 11000, -2)] == ["0", "0.0025", "2e−5", "11,000", "−2"]
