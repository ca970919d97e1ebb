"""A run told to people: one self-contained HTML page, and lines for the terminal.

It draws what it is given and computes no statistics. It fetches nothing: no library, font or picture from outside.
"""

from luthier.report.page import page
from luthier.report.story import Figure, Metric, Shown, Stage, Story, System, without_rows

__all__ = ["Figure", "Metric", "Shown", "Stage", "Story", "System", "page", "without_rows"]
