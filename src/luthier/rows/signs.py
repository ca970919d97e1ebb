"""What the text of a row tells about itself: broken characters, typed-out control tokens, answers that break off.

:func:`signs` looks at every text of the columns that are used, where it stands in the row; :func:`mend` does to a row
what can be mended without guessing, and says what it did. Neither knows a base; see ``luthier check --base`` for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from luthier.rows import mojibake
from luthier.rows.finding import RowProblem
from luthier.rows.rules import RULES

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_BEGIN = r"<s>|<bos>|\[BOS\]|<\|begin_of_text\|>|<\|startoftext\|>|<｜begin▁of▁sentence｜>"
_END = (
    r"</s>|<eos>|\[EOS\]|<\|im_end\|>|<\|eot_id\|>|<\|eom_id\|>|<\|end\|>|<\|end_of_text\|>|<\|endoftext\|>"
    r"|<end_of_turn>|<\|end_of_turn\|>|<｜end▁of▁sentence｜>"
)
SPECIAL = re.compile(
    rf"{_BEGIN}|{_END}|<\|(?:im_start|start_header_id|end_header_id|system|user|assistant|tool|channel|message|start|pad)\|>"
    r"|<start_of_turn>|\[/?INST\]|<</?SYS>>|<pad>|<unk>|<｜(?:User|Assistant)｜>"
)
SPECIAL_BYTES = re.compile(SPECIAL.pattern.encode())
_STARTS = re.compile(rf"\s*(?:{_BEGIN})\s*")
_ENDS = re.compile(rf"\s*(?:{_END})\s*\Z")
_TURNS = (
    ("<|im_start|>", "<|im_end|>"), ("<|start_header_id|>", "<|eot_id|>"), ("<start_of_turn>", "<end_of_turn>"),
)  # fmt: skip
"""What opens and closes a turn in chat markup. Llama-2's ``[INST]`` closes with </s>, which many files leave out."""
_LEADING_WORDS = (
    "a an and are as at because but by for from if in is of or so that the their this to was when which while with "
    "your der die das den dem ein eine und oder mit von zu für le la les des du et ou un une avec pour el los las y o "
    "de que"
)
_LEADS_ON = frozenset(_LEADING_WORDS.split())
"""An answer of some length that ends with one of these goes on somewhere."""
_JSON = re.compile(r'[{\[]\s*["\d\[{]')
_OPEN = tuple(",([{:;-–—&/\\")


def signs(
    row: Mapping[str, Any], used: Collection[str], answer: str, *, turns: int = 2, plain: str | None = None
) -> list[RowProblem]:
    """What is odd in the texts of a row whose order is right; half a character is an error and stands alone.

    Args:
        answer: the answer of its chat, empty where there is none.
        turns: messages of its chat.
        plain: the text of a row that is no chat.
    """
    problems: list[RowProblem] = []
    for path, text in texts(row, used):
        if not text.isascii() and _SURROGATE.search(text):
            message = "half a character (a lone surrogate): no tokenizer can encode it"
            return [_problem("content.surrogate", message, path, text, "export the rows again as UTF-8")]
        found = [*_of_text(text, text is answer)]
        if plain is not None and text is plain and (unclosed := _of_markup(text)):
            found = [*(one for one in found if one[0] != "content.special"), unclosed]  # one reason is enough
        problems += (_problem(rule, message, path, text, fix) for rule, message, fix in found)
        if answer and text is answer:
            problems += (_problem(rule, message, path, text, fix) for rule, message, fix in _of_answer(text))
            answer = ""
    if answer:  # made of several columns: told where the row begins
        path = f"messages[{turns - 1}].content"
        problems += (_problem(rule, message, path, answer, fix) for rule, message, fix in _of_answer(answer))
    return problems


@dataclass(frozen=True, slots=True)
class Mended:
    """One text that was mended: where, under which rules, and what it was."""

    path: str
    rules: tuple[str, ...]
    before: str
    after: str


def mend(row: Mapping[str, Any], used: Collection[str], answer: str) -> tuple[dict[str, Any], list[Mended]]:
    """The row with its texts mended, and what was done; the same values where there is nothing to do."""
    done: list[Mended] = []

    def mended(value: Any, path: str) -> Any:
        if isinstance(value, str):
            text = value
            rules: list[str] = []
            for rule, does in _MENDS.items():
                if rule in ("answer.space", "content.end") and value != answer:
                    continue
                after = does(text)
                if after != text:
                    text, rules = after, [*rules, rule]
            if rules:
                done.append(Mended(path, tuple(rules), value, text))
            return text
        if isinstance(value, dict):
            return {key: mended(inner, f"{path}.{key}") for key, inner in value.items()}
        if isinstance(value, list):
            return [mended(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
        return value

    return {key: mended(value, key) if key in used else value for key, value in row.items()}, done


def texts(row: Mapping[str, Any], used: Collection[str]) -> Iterator[tuple[str, str]]:
    """Every text of the used columns with its JSON path."""
    for key, value in row.items():
        if key in used:
            if isinstance(value, str):
                yield key, value
            elif value is not None:
                yield from _inside(value, key)


def cut_off(answer: str) -> str:
    """Why an answer seems to break off, or the empty string."""
    text = answer.rstrip()
    if text.count("```") % 2:
        return "its last code block is not closed"
    if _JSON.match(text):
        try:
            orjson.loads(text.encode("utf-8", "replace"))
        except orjson.JSONDecodeError:
            if not text.startswith("{{") and not text.endswith(("}", "]", ".", "!", "?", ")", "。")):
                return "its JSON breaks off"
        return ""
    if text.endswith(_OPEN) and len(text.split()) >= 4:
        return f"it ends with {text[-1]!r}"
    if text[-1:].isalpha():
        found = text.rsplit(None, 8)
        if len(found) == 9 and found[-1] in _LEADS_ON:
            return f"it ends with {found[-1]!r}"
    return ""


def _of_text(text: str, is_answer: bool) -> Iterator[tuple[str, str, str]]:
    if not text.isprintable() and (found := _CONTROL.search(text)):
        yield "content.control", f"control character U+{ord(found.group()):04X}", "remove it"
    if not text.isascii():
        if "\ufffd" in text:
            yield "content.replacement", "a character was lost in an earlier decoding (U+FFFD)", "export again"
        if broken := mojibake.find(text):
            meant = mojibake.repair(broken)
            yield "content.mojibake", f"{broken[:20]!r} was {meant[:20]!r}, read in the wrong encoding", "undo it"
    if "<" in text or "[" in text:
        found = SPECIAL.search(text)
        if found is None:
            return
        begins = _STARTS.match(text)
        if begins:
            yield "content.bos", f"begins with {begins.group().strip()}", "remove it"
        ends = _ENDS.search(text)
        inner = SPECIAL.search(text, begins.end() if begins else 0, ends.start() if ends else len(text))
        if inner is not None or (ends and not begins and not is_answer):  # at an answer's end: see content.end
            shown = inner or found
            yield "content.special", f"the control token {shown.group()} is typed out", "remove it if it is no subject"


def _of_answer(answer: str) -> Iterator[tuple[str, str, str]]:
    if ("<" in answer or "[" in answer) and (ends := _ENDS.search(answer)):
        yield "content.end", f"ends with {ends.group().strip()}", "remove it"
    if answer != answer.strip():
        yield "answer.space", "blanks at its beginning or end", "cut them off"
    if why := cut_off(answer):
        yield "answer.truncated", f"the answer seems to break off: {why}", "complete it, or leave the row out"


def _of_markup(text: str) -> tuple[str, str, str] | None:
    for opens, closes in _TURNS:
        last = text.rfind(opens)
        if last >= 0 and closes not in text[last:]:
            message = f"the last turn begins with {opens} and is not closed with {closes}"
            return "text.turn_end", message, f"give messages, or add {closes}"
    return None


def _problem(rule: str, message: str, path: str, text: str, fix: str) -> RowProblem:
    if rule in ("answer.truncated", "content.end", "text.turn_end") and len(text) > 60:
        text = f"…{text[-60:]}"  # the end is what matters
    return RowProblem(rule, message, path, text, fix, RULES[rule].severity)


def _inside(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _inside(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _inside(inner, f"{path}[{index}]")


_MENDS: dict[str, Callable[[str], str]] = {
    "content.control": lambda text: _CONTROL.sub("", text),
    "content.mojibake": mojibake.repair,
    "content.bos": lambda text: _STARTS.sub("", text, count=1) if _STARTS.match(text) else text,
    "content.end": lambda text: _ENDS.sub("", text),
    "answer.space": str.strip,
}
"""What each rule that can be mended does; the order matters: what was decoded is looked at again."""
