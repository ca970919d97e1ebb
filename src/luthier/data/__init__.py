"""The data stage: from files of rows to a dataset whose every loss is named.

Rows in, rows out, and why: read, check, mask personal data, remove duplicates, find contradictions, keep test rows
out of training, split, mix in replay, count tokens. Near-duplicates never stand on two sides of a split. A row is
never dropped silently: it is in ``removed.jsonl`` or ``quarantine.jsonl`` with its rule and reason.

It does not train, score or fetch anything.
"""

from luthier.data.check import CheckReport, check
from luthier.data.fit import rendering_policy
from luthier.data.funnel import LOSSES
from luthier.data.preferences import judged_rows
from luthier.data.prepare import before, build, examples, prepare, pseudonym_secret, report
from luthier.data.prepared import SIDES, Prepared
from luthier.data.propose import Proposal, propose
from luthier.data.render import Renderer
from luthier.data.rewrite import Rewritten, rewrite
from luthier.data.select import without_models

__all__ = [
    "LOSSES",
    "SIDES",
    "CheckReport",
    "Prepared",
    "Proposal",
    "Renderer",
    "Rewritten",
    "before",
    "build",
    "check",
    "examples",
    "judged_rows",
    "prepare",
    "propose",
    "pseudonym_secret",
    "rendering_policy",
    "report",
    "rewrite",
    "without_models",
]
