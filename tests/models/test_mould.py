"""Moulds: the same text as rendering each chat, and none where a template looks into what people wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import pytest

from luthier.models.mould import Moulds

NAMES = {"bos_token": "<s>", "eos_token": "</s>"}
CONTENTS = ["first", "", "one", " two\n", "</think>x{{ 1 }}", "\uf8f10\uf8f2", "3"]
LOOP = "{% for m in messages %}BODY{% endfor %}{% if add_generation_prompt %}<a>{% endif %}"


@lru_cache
def compiled(source: str) -> Any:
    from jinja2 import Environment

    return Environment(trim_blocks=True, lstrip_blocks=True).from_string(source)


class Counted:
    """Renders with plain Jinja, and counts."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(
        self, source: str, messages: Sequence[Mapping[str, Any]], generate: bool, tools: Sequence[Any] = ()
    ) -> str:
        self.calls += 1
        return compiled(source).render(
            messages=messages, tools=list(tools) or None, documents=None, add_generation_prompt=generate, **NAMES
        )


def chats() -> list[list[dict[str, Any]]]:
    pairs = [(one, other) for one in CONTENTS for other in CONTENTS]
    made = [[{"role": "user", "content": one}, {"role": "assistant", "content": other}] for one, other in pairs]
    return made + [[{"role": "system", "content": other}, *chat] for chat, (_, other) in zip(made, pairs, strict=True)]


def tried(source: str) -> int:
    """How many of 196 texts were rendered one by one; every text must be the template's own."""
    render, plain = Counted(), Counted()
    moulds = Moulds(render, NAMES)
    for chat in chats():
        for generate in (True, False):
            assert moulds(source, chat, generate) == plain(source, chat, generate)
    return render.calls


@pytest.mark.parametrize(
    "body",
    [
        "{{ '<' + m['role'] + '>\n' + m['content'] + eos_token }}",
        "{{ bos_token }}{{ m.role }}: {{ m.content | trim }}\n",
        "{% if m.role == 'system' %}{% set s = m.content %}{% else %}{{ s }}|{{ m['content'].strip() }}{% endif %}",
        "{% if loop.index0 % 2 == 0 and m.content is string %}{{ m.content }}{{ loop.index }}{% endif %}",
        "{% set ns = namespace(last='') %}{% set ns.last = m.content + '.' %}{{ ns.last }}",
    ],
)
def test_templates_that_only_write_are_rendered_once_a_kind(body: str) -> None:
    assert tried(LOOP.replace("BODY", body)) == 4  # with and without a system message, as prompt and as chat


@pytest.mark.parametrize(
    "body",
    [
        "{% if m.content %}{{ m.content }}!{% endif %}",
        "{% if '</think>' in m.content %}{{ m.content.split('</think>')[-1] }}{% endif %}",
        "{{ m.content | length }}{{ m.content }}",
        "{{ m.content }}{{ m.content | upper }}",
        "{{ m.content[1:] }}",
        "{{ m.content | tojson }}",
        "{% if m.content in 'one two' %}x{% endif %}{{ m.content }}",
        "{% if (m.content ~ '')|length > 3 %}x{% endif %}{{ m.content }}",
        "{% if m.content == 'one' %}x{% endif %}{{ m.content }}",
        "{% if m.content is in ['one'] %}x{% endif %}{{ m.content }}",
        "{% if 'one two'.startswith(m.content) %}x{% endif %}{{ m.content }}",
        "{% set t %}{{ m.content }}{% endset %}{% if t == 'one' %}x{% endif %}{{ t }}",
        "{% macro show(x) %}{{ x }}{% endmacro %}{% if show(m.content) == 'one' %}x{% endif %}",
        "{{ '%s.' % m.content | length }}",
        "{{ [m.content, 'b'] | join(',') }}",
        "{{ {'one': 'x'}[m.content] or m.content }}",
        "{% for sign in m.content %}{{ sign }}-{% endfor %}",
        "{{ m.content | int }}",
        "{{ (m.content + 'x') | trim }}",
        "{{ m | string }}",
    ],
)
def test_templates_that_look_are_rendered_each_time(body: str) -> None:
    assert tried(LOOP.replace("BODY", body)) == len(chats()) * 2


def test_tools_and_further_fields_are_rendered() -> None:
    render = Counted()
    moulds = Moulds(render, NAMES)
    chat = [{"role": "user", "content": "one", "name": "Ann"}]
    for _ in range(3):
        assert moulds("{{ messages[0].name }}{{ tools | length }}", chat, True, [{}]) == "Ann1"
    assert render.calls == 3
