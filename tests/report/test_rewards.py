"""The page of a reward model: every figure is there, and what strangers wrote stays text."""

from __future__ import annotations

from typing import Any

from luthier.report.rewards import rewards_page

ONE = {"n": 8, "right": 75.0, "low": 40.9, "high": 92.9}
FOUND: dict[str, Any] = {
    "pairs": 16, "reward": {"chosen": 0.5, "rejected": -0.25, "deviation": 0.8}, "log_loss": 0.512, "brier": 0.171,
    "calibration": [{"from": 0.5, "to": 0.6, "said": 55.0, **ONE}, {"from": 0.9, "to": 1.0, "said": 96.0, **ONE}],
    "calibration_error": 20.5,
    "length": {"correlation": 0.31, "low": 0.1, "high": 0.5, "prefers_longer": 62.0, "longer_is_better": 52.0,
               "accuracy": {"the better is shorter": ONE}},
    "slices": {"<b>fault</b>": {"<script>rude</script>": ONE, "wrong": ONE}},
}  # fmt: skip


def test_every_figure_is_told_and_every_degree_of_sureness_is_drawn() -> None:
    page = rewards_page(FOUND)
    for told in ("+0.50, -0.25", "0.512", "0.171", "20.5 points", "50 to 60%", "96.0%", "40.9 to 92.9", "+0.31", "62%",
                 "the better is shorter"):  # fmt: skip
        assert told in page, told
    assert page.count("<circle") == 2
    assert "<script>" not in page and "&lt;script&gt;rude" in page and "<b>fault" not in page


def test_a_reward_that_says_nothing_of_length_or_slices_has_a_page_too() -> None:
    bare = {**FOUND, "slices": {}, "length": {"accuracy": {"equally long": ONE}}}
    page = rewards_page(bare)
    assert "rank correlation" not in page and "Agreement by slice" not in page and "equally long" in page
    assert rewards_page({"pairs": 0}) == ""
