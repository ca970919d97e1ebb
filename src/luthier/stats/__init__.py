"""Statistics that decide: paired differences, exact and score tests, power, resampling. Pure numbers, numpy and scipy.

Conventions. A difference is candidate minus reference and positive is better. Intervals ``low`` to ``high`` are
two-sided 95% and for reading; ``bound`` (lower) and ``ceiling`` (upper) are one-sided at ``alpha`` and decide. No
interval of a proportion has zero width, however many items were all right or all alike.

Measured error rates stand in ``tests/stats``; nothing here knows of models, suites or files.
"""

from luthier.stats.agreement import Agreement, cohen_kappa, krippendorff_alpha, prediction_powered
from luthier.stats.classes import auc, average_precision, calibration_error, confusion, f1, mcc
from luthier.stats.interval import Interval, mean_interval, median_interval, wilson
from luthier.stats.multiple import false_discovery, holm, holm_levels, spent
from luthier.stats.paired import (
    mcnemar_exact,
    noninferiority,
    noninferiority_p,
    paired_difference,
    paired_proportions,
    ratio_change,
    superiority_bounds,
)
from luthier.stats.power import (
    detectable,
    items_needed,
    joint_power,
    noninferiority_power,
    power_of,
    superiority_power,
)
from luthier.stats.resample import bootstrap, macro_f1, multinomial_weights
from luthier.stats.winrate import Controlled, controlled_win_rate, style_features

__all__ = [
    "Agreement",
    "Controlled",
    "Interval",
    "auc",
    "average_precision",
    "bootstrap",
    "calibration_error",
    "cohen_kappa",
    "confusion",
    "controlled_win_rate",
    "detectable",
    "f1",
    "false_discovery",
    "holm",
    "holm_levels",
    "items_needed",
    "joint_power",
    "krippendorff_alpha",
    "macro_f1",
    "mcc",
    "mcnemar_exact",
    "mean_interval",
    "median_interval",
    "multinomial_weights",
    "noninferiority",
    "noninferiority_p",
    "noninferiority_power",
    "paired_difference",
    "paired_proportions",
    "power_of",
    "prediction_powered",
    "ratio_change",
    "spent",
    "style_features",
    "superiority_bounds",
    "superiority_power",
    "wilson",
]
