"""Where a row stands on the axes of the coverage matrix: task, length of what is asked, format of the answer.

Told from the root verb of the request and from the look of the answer; a task that no rule tells is "other".
"""

from __future__ import annotations

import re

import orjson

from luthier.data.edges import holds_code
from luthier.records import Example
from luthier.text.root import Root

_TASKS = {
    "write": "write compose draft create generate make design develop invent imagine craft produce tell brainstorm "
    "plan outline construct formulate devise build prepare act roleplay narrate paint publish script continue",
    "rewrite": "rewrite rephrase paraphrase edit correct fix improve shorten simplify convert change replace format "
    "reverse sort rearrange reorder restate modify transform adapt expand remove capitalize abbreviate proofread "
    "revise polish combine merge complete fill reword reformat refine alter update insert turn normalise normalize",
    "summarise": "summarise summarize condense compress abridge",
    "translate": "translate",
    "extract": "extract find identify locate retrieve highlight select detect parse count pick recognise recognize "
    "match underline",
    "classify": "classify categorise categorize label determine decide judge rate rank grade assess evaluate verify "
    "check validate score distinguish differentiate predict",
    "explain": "explain describe define discuss elaborate compare contrast illustrate clarify interpret teach "
    "analyse analyze argue justify outline reflect examine explore demonstrate show",
    "list": "list name suggest give provide recommend propose enumerate cite mention offer",
    "calculate": "calculate compute solve multiply add subtract divide estimate derive evaluate sum prove",
    "answer": "answer respond reply",
}
_TASK_OF = {verb: task for task, verbs in reversed(_TASKS.items()) for verb in verbs.split()}
_MATHS = re.compile(
    r"\d.*\bhow (?:many|much)\b.*\?|\d\s*[-+*/×÷^=]\s*\d|\bequation\b|\bsolve for\b", re.IGNORECASE | re.DOTALL
)
_PROGRAMS = re.compile(
    r"\b(?:python|javascript|typescript|java|c\+\+|sql|html|css|bash|regex|regular expression|function|script|program"
    r"|algorithm)\b",
    re.IGNORECASE,
)
_LIST = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+\S", re.MULTILINE)
_TABLE = re.compile(r"^\s*\|?[^|\n]+\|[^|\n]+\|?.*\n\s*\|?\s*:?-{2,}", re.MULTILINE)
_NUMBER = re.compile(r"[^\w\s]*-?[\d.,/ ]+\s*(?:%|°\w?|[a-z]{1,3})?\W*", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?。！？؟](?:\s|$)|[。！？]")

TASKS = (*_TASKS, "code", "tools", "plain text", "other")
LENGTHS = ("up to 10 words", "11 to 50", "51 to 200", "over 200")
FORMATS = (
    "label",
    "number",
    "few words",
    "sentence",
    "prose",
    "list",
    "table",
    "code",
    "JSON",
    "tool call",
    "plain text",
    "none",
)


def task_of(example: Example, root: Root, *, label: bool, fields: bool) -> str:
    """The task of a row. ``label`` and ``fields`` say that the job's answers are labels, or JSON."""
    if example.text is not None:
        return "plain text"
    if example.tools or any(message.tool_calls for message in example.messages):
        return "tools"
    if label:
        return "classify"
    if fields:
        return "extract"
    asked = example.asked
    if "```" in example.answer or (
        root.verb in ("write", "create", "fix", "implement") and _PROGRAMS.search(asked[:600])
    ):
        return "code"
    if root.obj == "list" and root.verb in ("make", "create", "generate", "write"):
        return "list"
    if root.form == "imperative" and root.verb in _TASK_OF:
        return _TASK_OF[root.verb]
    if _MATHS.search(asked[:2000]):
        return "calculate"
    if root.form == "question" or asked.rstrip().endswith(("?", "？", "؟")):
        return "answer"
    return "other"


def length_of(words: int) -> str:
    """The length class of so many words."""
    return LENGTHS[sum(words > most for most in (10, 50, 200))]


def format_of(example: Example, *, label: bool) -> str:
    """The format of a row's answer."""
    if example.text is not None:
        return "plain text"
    if example.messages and example.messages[-1].tool_calls:
        return "tool call"
    answer = example.answer.strip()
    if not answer:
        return "none"
    if label:
        return "label"
    if answer[0] in "{[" and is_json(answer):
        return "JSON"
    if "```" in answer or (holds_code(answer) and len(_LIST.findall(answer)) < 3):
        return "code"
    if _TABLE.search(answer):
        return "table"
    if len(_LIST.findall(answer)) >= 2:
        return "list"
    if _NUMBER.fullmatch(answer):
        return "number"
    if len(answer.split()) <= 5 and len(answer) <= 60:
        return "few words"
    return "sentence" if len(_SENTENCE.findall(answer)) <= 1 and len(answer) <= 300 else "prose"


def is_json(text: str) -> bool:
    """Whether a text is one JSON object or list."""
    try:
        return isinstance(orjson.loads(text.encode("utf-8", "replace")), dict | list)
    except orjson.JSONDecodeError:
        return False
