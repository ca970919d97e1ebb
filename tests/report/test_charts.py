"""Charts: what a reader takes from the axes."""

from __future__ import annotations

import re

from luthier.report.charts import Series, chart


def test_on_a_logarithmic_axis_equal_ratios_are_equally_far_apart() -> None:
    drawn = chart("Speed", [Series("a", [(0.0, 10.0), (1.0, 100.0), (2.0, 1000.0)])], log=True)
    line = re.search(r'points="([^"]+)"', drawn)
    assert line is not None
    heights = [float(place.split(",")[1]) for place in line[1].split()]
    assert abs((heights[0] - heights[1]) - (heights[1] - heights[2])) < 0.2
    labels = re.findall(r'class="ytick"[^>]*>([^<]+)<', drawn)
    assert labels[0] == "10" and {"100", "1,000"} <= set(labels) and "500" in labels


def test_many_powers_of_ten_are_labelled_alone() -> None:
    drawn = chart("Speed", [Series("a", [(0.0, 1.0), (1.0, 100_000.0)])], log=True)
    labels = re.findall(r'class="ytick"[^>]*>([^<]+)<', drawn)
    assert labels == ["1", "10", "100", "1,000", "10,000", "100,000"]
