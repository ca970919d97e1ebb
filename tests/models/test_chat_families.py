"""Golden masks on the chat templates of well-known families, as the trl package carries them."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from luthier.models.chat import ChatFormat
from luthier.records import Example, Message, ToolCall

# Mistral-7B-Instruct's template, which trl does not carry, without its checks of role order
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}"
    "{% elif m['role'] == 'assistant' %}{{ ' ' + m['content'] + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
# family -> (begin, end of document, end of a turn)
FAMILIES = {
    "qwen2_5": (None, "<|endoftext|>", "<|im_end|>"),
    "qwen3": (None, "<|endoftext|>", "<|im_end|>"),
    "qwen3_instruct_2507": (None, "<|endoftext|>", "<|im_end|>"),
    "llama3": ("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"),
    "llama3_1": ("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"),
    "llama3_2": ("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"),
    "gemma": ("<bos>", "<eos>", "<end_of_turn>"),
    "gemma3": ("<bos>", "<eos>", "<end_of_turn>"),
    "phi3": ("<s>", "<|endoftext|>", "<|end|>"),
    "phi3_5": ("<s>", "<|endoftext|>", "<|end|>"),
    "gptoss": ("<|startoftext|>", "<|return|>", "<|return|>"),
    "deepseek_r1_distill": ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
    "mistral": ("<s>", "</s>", "</s>"),
}
WITH_TOOLS = {"qwen2_5", "qwen3", "qwen3_instruct_2507", "llama3_1", "llama3_2", "gptoss"}
REWRITES = {"qwen3", "gptoss"}  # templates that show an earlier answer otherwise than the last one
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up", "description": "Look a word up.",
        "parameters": {"type": "object", "properties": {"word": {"type": "string", "description": "a word"}}},
    },
}  # fmt: skip


def source_of(family: str) -> str:
    if family == "mistral":
        return MISTRAL
    found = find_spec("trl")
    if found is None or found.origin is None:
        pytest.skip("trl is not installed: its chat templates are the golden input here")
    path = Path(found.origin).parent / "chat_templates" / f"{family}.jinja"
    if not path.is_file():
        pytest.skip(f"this trl carries no {path.name}")
    return path.read_text(encoding="utf-8")


@pytest.fixture(params=sorted(FAMILIES))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def form_of(family: str, make_tokenizer: Any, *, thinking: bool = False) -> ChatFormat:
    source = source_of(family)
    begin, document_end, turn_end = FAMILIES[family]
    written = re.findall(r"<[|｜][^|｜<>'\"\s]{1,40}[|｜]>|<start_of_turn>|<end_of_turn>|\[/?INST\]", source)
    specials = dict.fromkeys(t for t in (begin, document_end, turn_end, *written) if t)
    tokenizer = make_tokenizer(source, tuple(specials), eos=document_end, bos=begin)
    return ChatFormat(tokenizer, thinking=thinking)


def check(form: ChatFormat, example: Example, expected: list[str]) -> int:
    """Exactly ``expected`` is trained, one piece per trained turn, and what stands before each is the prompt of
    serving, id by id. Gives the number of samples."""
    samples = form.samples(example)
    pieces = [text for s in samples for text, learned in form.show_mask(s) if learned]
    assert pieces == expected
    starts = [(s, i) for s in samples for i in range(1, len(s.ids)) if s.trained[i] and not s.trained[i - 1]]
    numbers = [n for n, m in enumerate(example.messages) if m.role == "assistant"]
    for (sample, start), number in zip(starts, numbers, strict=True):
        assert sample.exact
        assert list(sample.ids[:start]) == form.prompt_ids(example.messages[:number], tools=example.tools)
        assert sample.ids[start:][-1] in form.stop_ids
    begin = form.tokenizer.bos_token_id
    assert begin is None or all(s.ids.count(begin) <= 1 for s in samples)
    return len(samples)


def test_one_question_one_answer(family: str, make_tokenizer: Any) -> None:
    form = form_of(family, make_tokenizer)
    example = Example(messages=(Message("user", "Which bird?"), Message("assistant", "A {wren}.")))
    space = " " if family == "mistral" else ""
    assert check(form, example, [f"{space}A {{wren}}.{FAMILIES[family][2]}"]) == 1


def test_system_and_two_turns(family: str, make_tokenizer: Any) -> None:
    form = form_of(family, make_tokenizer)
    end = FAMILIES[family][2]
    example = Example(
        messages=(
            Message("system", "Be brief."), Message("user", "One?"), Message("assistant", "Yes.\nOne."),
            Message("user", "Two?"), Message("assistant", "No."),
        )
    )  # fmt: skip
    space = " " if family == "mistral" else ""
    made = check(form, example, [f"{space}Yes.\nOne.{end}", f"{space}No.{end}"])
    assert made == (2 if family in REWRITES else 1)
    assert "Be brief." in form.prompt_text(example.messages[:2])


@pytest.mark.parametrize("name", sorted(WITH_TOOLS))
def test_tool_call_and_answer(name: str, make_tokenizer: Any) -> None:
    form = form_of(name, make_tokenizer)
    call = Message("assistant", "", tool_calls=(ToolCall("look_up", {"word": "wren"}),))
    example = Example(
        messages=(
            Message("user", "What is a wren?"), call, Message("tool", "a bird", name="look_up"),
            Message("assistant", "A bird."),
        ),
        tools=(TOOL,),
    )  # fmt: skip
    end = FAMILIES[name][2]
    if name.startswith("llama"):
        expected = ['{"name": "look_up", "parameters": {"word": "wren"}}' + end, f"A bird.{end}"]
    elif name == "gptoss":
        expected = [
            ' to=functions.look_up<|channel|>commentary json<|message|>{"word": "wren"}<|call|>',
            "<|channel|>final<|message|>A bird.<|return|>",
        ]
    else:
        written = '<tool_call>\n{"name": "look_up", "arguments": {"word": "wren"}}\n</tool_call>'
        expected = [written + end, f"A bird.{end}"]
    check(form, example, expected)
    assert "Look a word up." in form.prompt_text(example.messages[:1], tools=example.tools)


REASONING = Example(messages=(Message("user", "Which?"), Message("assistant", "This.", reasoning="It is small.")))


def test_reasoning_is_trained_when_the_format_thinks(make_tokenizer: Any) -> None:
    thought = "<think>\nIt is small.\n</think>\n\nThis.<|im_end|>"
    check(form_of("qwen3", make_tokenizer, thinking=True), REASONING, [thought])
    analysis = "<|channel|>analysis<|message|>It is small.<|end|><|start|>assistant"
    final = "<|channel|>final<|message|>This.<|return|>"
    check(form_of("gptoss", make_tokenizer, thinking=True), REASONING, [analysis + final])


def test_reasoning_that_serving_would_not_ask_for_is_marked(make_tokenizer: Any) -> None:
    (sample,) = form_of("qwen3", make_tokenizer).samples(REASONING)
    assert not sample.exact


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("qwen3", "<|im_start|>assistant\n<think>\n\n</think>\n\n"),
        ("gptoss", "<|start|>assistant<|channel|>final<|message|>"),
        ("deepseek_r1_distill", "<｜Assistant｜>"),
    ],
)
def test_without_thinking_a_prompt_ends_where_the_answer_begins(name: str, header: str, make_tokenizer: Any) -> None:
    form = form_of(name, make_tokenizer)
    assert form.prompt_text([Message("user", "Which?")]).endswith(header)


def test_the_exported_template_renders_the_same_without_us(family: str, make_tokenizer: Any) -> None:
    """Another engine has only the template's source: with it, and nothing of ours, the ids must be the same."""
    form = form_of(family, make_tokenizer)
    messages = (Message("user", "One?"), Message("assistant", "Yes."), Message("user", "Two?"))
    plain = [{"role": m.role, "content": m.content} for m in messages]
    theirs = form.tokenizer.apply_chat_template(
        plain, chat_template=form.source, add_generation_prompt=True, return_dict=False
    )
    assert form.prompt_ids(messages) == theirs


@pytest.mark.parametrize("thinking", [False, True])
def test_an_exported_template_is_read_again_as_it_was(family: str, thinking: bool, make_tokenizer: Any) -> None:
    form = form_of(family, make_tokenizer, thinking=thinking)
    assert form.has_template
    digest, prompt = form.digest, form.prompt_ids([Message("user", "One?")])
    form.tokenizer.chat_template = form.source
    again = ChatFormat(form.tokenizer)
    assert again.prompt_ids([Message("user", "One?")]) == prompt
    assert again.digest == digest and again.thinking == thinking
