"""Pin a chat template, so that training, serving and every export render a chat in the same way on every day.

A template as shipped may leave three things open, and each would make training and serving differ: the date of today,
whether the model is expected to think aloud, and what it writes of its own accord before an answer (an empty thinking
block, a channel header). :func:`pin` settles them and gives a template that renders finished chats exactly as before
and whose generation prompt ends where the answer begins. That template is what is trained on, served and exported.

Pinning a pinned template changes nothing. Nothing is rewritten by guesswork: every pin is checked by rendering.
No token ids here (``chat``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from luthier.errors import LuthierError

Render = Callable[..., str]
"""``render(template, messages, generate, tools) -> text``."""

PINNED_DATE = date(2025, 1, 1)
"""What templates that print today's date are told. A moving date would make the same recipe train other tokens."""

THINKS = "{# reasons aloud #}"
"""Opens a template that was pinned with ``thinking``, so that it is read so again from an exported model."""

USER, ANSWER, SYSTEM = "Hhuman", "Aanswer", "Ssystem"
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look a word up.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string", "description": "w"}}},
    },
}
_WORD = "Wword"
_ASK = {"role": "user", "content": USER}


@dataclass(frozen=True, slots=True)
class Pinned:
    """A template ready to use.

    ``base`` is the same without the header, for turns that show their reasoning. ``tail`` is what the template writes
    after an answer, ``call_tail`` after a tool call (empty: it cannot render one); ``call_text`` says that it wants a
    call's arguments as JSON text; ``folds_system`` that it refuses or drops a system message, which then goes before
    the first user message.
    """

    source: str
    base: str
    tail: str
    call_tail: str
    call_text: bool
    folds_system: bool


def pin(template: str, render: Render, *, thinking: bool) -> Pinned:
    """Settle what a template leaves open.

    Args:
        template: Jinja source as shipped.
        render: renders any template source with the tokenizer's special tokens.
        thinking: True if the model is to reason aloud before each answer (then the generation prompt stays as shipped).

    Raises:
        LuthierError: the template cannot render a question with its answer, or cannot be pinned.
    """
    base = _dated(template)
    if thinking and not thinks(template):
        base = THINKS + "{% set enable_thinking = true %}" * ("enable_thinking" in template) + base
    prompt, whole = _try(render, base, [_ASK], True), _try(render, base, [_ASK, _answer()], False)
    if isinstance(prompt, Exception) or isinstance(whole, Exception) or ANSWER not in whole:
        reason = next((r for r in (prompt, whole) if isinstance(r, Exception)), None)
        raise LuthierError(
            "the chat template cannot render a question with its answer",
            where="model.chat_template",
            why=str(reason or "the answer does not appear in what it renders"),
            fix="name a Jinja file that can: model.chat_template: ./template.jinja",
        )
    before, tail = whole.split(ANSWER, 1)
    shared = len(prompt) if thinking else _shared(prompt, before)
    # a space belongs to the first word of an answer: a prompt that ends with one gives tokens the model never saw
    cut, header = ("", "") if thinking else (prompt[shared:], before[shared:].rstrip(" "))
    call, call_text = _call(render, base)
    asked = _try(render, base, [_ASK], True, [TOOL])
    calls_follow_header = isinstance(asked, str) and call.startswith(asked.removesuffix(cut) + header)
    source = _with_header(base, header, header if calls_follow_header else "", cut)
    _check(render, base, source, expected=prompt if thinking else prompt[:shared] + header)
    folds = _folds(render, source)
    return Pinned(source, base, tail, call[call.rindex(_WORD) + len(_WORD) :] if call else "", call_text, folds)


def thinks(template: str) -> bool:
    """Whether a template was pinned for a model that reasons aloud."""
    return template.startswith(THINKS)


def fold_system(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A leading system message becomes the beginning of the first user message."""
    if len(messages) < 2 or messages[0]["role"] != "system" or messages[1]["role"] != "user":
        return list(messages)
    joined = {**messages[1], "content": f"{messages[0]['content']}\n\n{messages[1]['content']}"}
    return [joined, *messages[2:]]


def _answer(content: str = ANSWER) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def _try(
    render: Render, template: str, messages: Sequence[Mapping[str, Any]], generate: bool, tools: Sequence[Any] = ()
) -> str | Exception:
    """A template is foreign code: whatever it raises is an answer to the question whether it can."""
    try:
        return render(template, messages, generate, tools)
    except Exception as error:
        return error


def _dated(template: str) -> str:
    """Shadow ``strftime_now`` by a macro that knows the formats this template asks for."""
    formats = sorted(set(re.findall(r"strftime_now\(\s*(['\"])(.*?)\1\s*\)", template)))
    if not formats or "macro strftime_now(" in template:
        return template
    cases = "".join(
        f"{{% {'if' if i == 0 else 'elif'} format == {json.dumps(f)} %}}{PINNED_DATE.strftime(f)}"
        for i, (_, f) in enumerate(formats)
    )
    return "{% macro strftime_now(format) %}" + cases + "{% endif %}{% endmacro %}" + template


def _shared(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _call(render: Render, base: str) -> tuple[str, bool]:
    """A rendered tool call (empty if the template cannot), and whether it wants the arguments as text."""
    for as_text in (False, True):
        arguments: Any = json.dumps({"word": _WORD}) if as_text else {"word": _WORD}
        made = {"type": "function", "id": "abcdefghi", "function": {"name": "look_up", "arguments": arguments}}
        shown = _try(render, base, [_ASK, {"role": "assistant", "content": "", "tool_calls": [made]}], False, [TOOL])
        if isinstance(shown, str) and _WORD in shown:
            return shown, as_text
    return "", False


def _with_header(base: str, header: str, call_header: str, cut: str) -> str:
    if not header and not cut:
        return base
    body = base.removesuffix("\n")  # Jinja drops one newline at the end of a source, and only there
    plain, calls = json.dumps(header, ensure_ascii=False), json.dumps(call_header, ensure_ascii=False)
    choice = "{{ " + plain + " }}" if plain == calls else "{{ " + calls + " if tools else " + plain + " }}"
    if cut:
        end = json.dumps(cut, ensure_ascii=False)
        return (
            "{% set whole %}" + body + "{% endset %}{% if add_generation_prompt and whole.endswith(" + end + ") %}"
            "{{ whole[:-" + str(len(cut)) + "] }}" + choice + "{% else %}{{ whole }}{% endif %}"
        )
    return body + "{% if add_generation_prompt %}" + choice + "{% endif %}"


def _check(render: Render, base: str, source: str, *, expected: str) -> None:
    """Finished chats render as before, and the generation prompt ends where the answer begins."""
    chat = [_ASK, _answer("One"), {"role": "user", "content": "Next"}, _answer("Two")]
    same = _try(render, source, chat, False) == _try(render, base, chat, False)
    if source != base and not (same and _try(render, source, [_ASK], True) == expected):
        raise LuthierError(
            "the chat template cannot be pinned",
            where="model.chat_template",
            why="its generation prompt cannot be made to end where an answer begins",
            fix="name a Jinja file of your own: model.chat_template: ./template.jinja",
        )


def _folds(render: Render, source: str) -> bool:
    shown = _try(render, source, [{"role": "system", "content": SYSTEM}, _ASK], True)
    return isinstance(shown, Exception) or SYSTEM not in shown
