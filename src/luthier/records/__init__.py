"""Frozen nouns that cross stages. Standard library only; no behaviour beyond turning into JSON and back.

Rows, messages and completions are plain frozen dataclasses (many are made); verdicts and scores carry a reason always.
"""

from luthier.records.chat import Message, ToolCall
from luthier.records.completion import Completion, TokenScores
from luthier.records.example import Example, Origin
from luthier.records.preference import Compared, Preference, Ranking, Thumb
from luthier.records.score import Score, SuiteResult, Verdict, VerdictKind

__all__ = [
    "Compared",
    "Completion",
    "Example",
    "Message",
    "Origin",
    "Preference",
    "Ranking",
    "Score",
    "SuiteResult",
    "Thumb",
    "TokenScores",
    "ToolCall",
    "Verdict",
    "VerdictKind",
]
