"""Evaluation: what ships beside honest baselines on the same items, filed as a ledger; and the gate that reads it.

``run`` asks every system every item and files a ledger; ``gate`` turns a ledger into a verdict, ``table`` and
``contrast`` into what a report shows. Only ``run`` needs models; the rest are functions of the ledger.
"""

from luthier.evaluate.forecast import forecast, with_margins
from luthier.evaluate.ledger import Ledger, Row, read_ledger, write_ledger
from luthier.evaluate.preferences import measure_preferences
from luthier.evaluate.regression import Suite, load_suite, suite_of_job
from luthier.evaluate.rewards import told as told_of_rewards
from luthier.evaluate.stage import askable, encoders, filed, measure, refuse_unmeasurable, resolve, run
from luthier.evaluate.systems import Contender
from luthier.evaluate.table import contrast, table, text_table
from luthier.evaluate.verdict import gate

__all__ = [
    "Contender",
    "Ledger",
    "Row",
    "Suite",
    "askable",
    "contrast",
    "encoders",
    "filed",
    "forecast",
    "gate",
    "load_suite",
    "measure",
    "measure_preferences",
    "read_ledger",
    "refuse_unmeasurable",
    "resolve",
    "run",
    "suite_of_job",
    "table",
    "text_table",
    "told_of_rewards",
    "with_margins",
    "write_ledger",
]
