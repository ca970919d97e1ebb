"""Frozen nouns that cross stages. Standard library only; no behaviour beyond turning into JSON and back.

Rows, messages and completions are plain frozen dataclasses (many are made); verdicts and scores carry a reason always.
"""

from luthier.records.chat import Message, ToolCall
from luthier.records.completion import Completion, TokenScores
from luthier.records.example import Example, Origin
from luthier.records.score import Score, SuiteResult, Verdict, VerdictKind

__all__ = [
    "Completion",
    "Example",
    "Message",
    "Origin",
    "Score",
    "SuiteResult",
    "TokenScores",
    "ToolCall",
    "Verdict",
    "VerdictKind",
]
