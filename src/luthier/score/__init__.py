"""Measures: an answer and its reference in, a score with a reason out; many of them in, one number out.

``build(spec)`` makes the measure that a recipe's metric names; ``detect(references)`` proposes metrics from the answers
of a data set. Measures are pure functions of text: no model, no file. A reward model, which is one, scores in
``reward_model``. Statistics over scores are ``luthier.stats``.
"""

from luthier.score.detect import Detected, detect
from luthier.score.measure import Measure, Scored, build

__all__ = ["Detected", "Measure", "Scored", "build", "detect"]
