"""Augmentation: new rows from seeds, other rows from rows, answers of a teacher, and the queue where people decide.

``generate`` and ``label`` write a journal that survives any kill; ``Queue`` is the human gate over it; ``file_rows``
makes an artifact of what was approved. Every model is asked through the engine that is handed in.
"""

from luthier.augment.figures import Figures
from luthier.augment.journal import Journal
from luthier.augment.label import Unlabelled, unlabelled
from luthier.augment.review import Decision, Queue, decision_of, why
from luthier.augment.seeds import Seed
from luthier.augment.toward import Hole, read_holes
from luthier.augment.way import Asker
from luthier.augment.work import APPROVED, PAIRS, Worked, figures_of, file_rows, fingerprint, generate, label

__all__ = [
    "APPROVED", "PAIRS", "Asker", "Decision", "Figures", "Hole", "Journal", "Queue", "Seed", "Unlabelled", "Worked",
    "decision_of", "figures_of", "file_rows", "fingerprint", "generate", "label", "read_holes", "unlabelled", "why",
]  # fmt: skip
