"""Rows: from files in many layouts to examples, each row with its file and line.

Reading streams and never stops at a bad row: what cannot be used becomes a :class:`Finding` that names file, line,
field, rule and mend. A file that is not data at all (missing, binary, unknown kind) is refused as a whole.

It does not remove duplicates, split or count tokens: that is the data stage.
"""

from luthier.rows.compare import compares, to_compared
from luthier.rows.convert import Layout, to_examples
from luthier.rows.fields import Shape
from luthier.rows.files import SourceFile, expand
from luthier.rows.finding import Finding
from luthier.rows.mapping import join_threads
from luthier.rows.pairs import pairs
from luthier.rows.propose import propose_map
from luthier.rows.raw import Raw
from luthier.rows.read import read, read_file
from luthier.rows.rules import RULES, Rule
from luthier.rows.shape import detect
from luthier.rows.write import write_jsonl

__all__ = [
    "RULES",
    "Finding",
    "Layout",
    "Raw",
    "Rule",
    "Shape",
    "SourceFile",
    "compares",
    "detect",
    "expand",
    "join_threads",
    "pairs",
    "propose_map",
    "read",
    "read_file",
    "to_compared",
    "to_examples",
    "write_jsonl",
]
