"""The model card: a README that says what a model is made of, what it scored, and what nobody has shown about it.

Written from facts of the lineage only; a fact that is not known is left out, never invented. Markdown with the header
that model hubs read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from luthier.models.head import THINGS
from luthier.recipe.train import Makes

_LICENCE_NOTE = (
    "The licence of the base model holds for this model too. Whether the rows it was trained on may be used so is for "
    "whoever trained it to know."
)
LIMITS = (
    "It was tuned for one job. Outside that job it may be worse than its base, except where guards were measured.",
    "It was measured on rows of one origin. Other wording, other languages and other times were not measured.",
    "It can be wrong with confidence. Do not let its answers act without a check where a mistake is costly.",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of the evaluation. ``low`` and ``high`` are its 95% interval; ``base`` the same figure of the base."""

    name: str
    value: float
    low: float | None
    high: float | None
    n: int
    base: float | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """The facts of a card. What is left out does not appear.

    ``data`` counts rows by name ("training rows": 1103); ``figures`` come from the evaluation, ``verdict`` is its
    sentence; ``lineage`` names artifacts and run; ``recipe`` is the resolved recipe.
    """

    name: str
    base: str
    base_revision: str | None = None
    licence: str | None = None
    tuning: str = ""
    data: Mapping[str, int] = field(default_factory=dict)
    figures: Sequence[Measured] = ()
    verdict: str = ""
    limits: Sequence[str] = ()
    lineage: Mapping[str, str] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    parity: Mapping[str, Any] = field(default_factory=dict)
    makes: Makes = "model"
    labels: Sequence[str] = ()


def render(card: Card, *, kind: str) -> str:
    """The card as Markdown.

    Args:
        kind: ``adapter`` or ``model``: what the folder holds.
    """
    parts = [_header(card, kind), f"# {card.name}", _what(card, kind), _use(card, kind), _data(card), _figures(card)]
    parts += [_parity(card), _limits(card), _licence(card), _lineage(card), _recipe(card)]
    return "\n\n".join(p for p in parts if p) + "\n"


def _header(card: Card, kind: str) -> str:
    # values as JSON strings: valid YAML whatever is in them
    lines = [
        f"base_model: {json.dumps(card.base)}",
        f"base_model_relation: {'adapter' if kind == 'adapter' else 'finetune'}",
        f"library_name: {'peft' if kind == 'adapter' else 'transformers'}",
        f"pipeline_tag: {'text-generation' if card.makes == 'model' else 'text-classification'}",
        "tags: [luthier]",
    ]
    if card.licence:
        lines.append(f"license: {json.dumps(card.licence.lower())}")
    return "\n".join(["---", *lines, "---"])


def _what(card: Card, kind: str) -> str:
    at = f" (revision `{card.base_revision}`)" if card.base_revision else ""
    if card.makes != "model":
        what = THINGS[card.makes]
        thing = f"An adapter that makes a {what} of" if kind == "adapter" else f"A {what} made of"
    else:
        thing = "An adapter for" if kind == "adapter" else "A fine-tuned version of"
    how = f", tuned by {card.tuning}" if card.tuning else ""
    return f"{thing} `{card.base}`{at}{how}."


def _use(card: Card, kind: str) -> str:
    if card.makes != "model":
        code, note = _reading(card, kind)
        return f"## Use\n\n```python\n{code}\n```\n\n{note}"
    if kind == "adapter":
        code = (
            "from peft import PeftModel\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            f'base = AutoModelForCausalLM.from_pretrained("{card.base}")  # the folder or hub id of the base\n'
            'model = PeftModel.from_pretrained(base, ".")\ntokenizer = AutoTokenizer.from_pretrained(".")'
        )
    else:
        code = (
            "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
            'model = AutoModelForCausalLM.from_pretrained(".")\ntokenizer = AutoTokenizer.from_pretrained(".")'
        )
    note = "The chat template beside the tokenizer is the one it was trained with; use it as it is."
    return f"## Use\n\n```python\n{code}\n```\n\n{note}"


def _reading(card: Card, kind: str) -> tuple[str, str]:
    """How a model with a head is loaded and asked."""
    auto = "AutoModelForSequenceClassification"
    if kind == "adapter":
        code = (
            f"from peft import PeftModel\nfrom transformers import {auto}, AutoTokenizer\n\n"
            'tokenizer = AutoTokenizer.from_pretrained(".")\n'
            f'base = {auto}.from_pretrained(  # the folder or hub id of the base\n'
            f'    "{card.base}", num_labels={max(1, len(card.labels))}, pad_token_id=tokenizer.pad_token_id)\n'
            'model = PeftModel.from_pretrained(base, ".")'
        )
    else:
        code = (
            f"from transformers import {auto}, AutoTokenizer\n\n"
            f'tokenizer = AutoTokenizer.from_pretrained(".")\nmodel = {auto}.from_pretrained(".")'
        )
    if card.makes == "classifier":
        code += (
            "\nchat = [{\"role\": \"user\", \"content\": …}]\n"
            "ids = tokenizer.apply_chat_template(\n"
            "    chat, add_generation_prompt=True, return_tensors=\"pt\", return_dict=True)[\"input_ids\"]\n"
            "probabilities = model(ids).logits[0].softmax(-1)"
        )
        named = ", ".join(f"{i} {json.dumps(name, ensure_ascii=False)}" for i, name in enumerate(card.labels[:20]))
        more = " …" * (len(card.labels) > 20)
        return code, f"The labels, in the order of its outputs (`id2label` of the whole model): {named}{more}."
    code += (
        "\nchat = [{\"role\": \"user\", \"content\": …}, {\"role\": \"assistant\", \"content\": …}]\n"
        "ids = tokenizer.apply_chat_template(chat, return_tensors=\"pt\", return_dict=True)[\"input_ids\"]\n"
        "reward = model(ids).logits[0, 0]"
    )
    note = (
        "A reward means something beside another answer to the same prompt: the better one should have the higher. It "
        "was trained on chats that end with the token that ends the answer; where the template writes more behind it "
        "(a line break), leave that out."
    )
    return code, note


def _data(card: Card) -> str:
    if not card.data:
        return ""
    rows = [f"| {name} | {count:,} |" for name, count in card.data.items()]
    return "\n".join(["## Data", "", "| what | rows |", "|---|---|", *rows])


def _figures(card: Card) -> str:
    if not card.figures and not card.verdict:
        return ""
    lines = ["## Measured", ""]
    if card.verdict:
        lines += [card.verdict, ""]
    if card.figures:
        lines += ["| figure | this model | 95% interval | base | items |", "|---|---|---|---|---|"]
        for f in card.figures:
            interval = f"{f.low:.4g} to {f.high:.4g}" if f.low is not None and f.high is not None else "not computed"
            base = f"{f.base:.4g}" if f.base is not None else ""
            lines.append(f"| {f.name} | {f.value:.4g} | {interval} | {base} | {f.n:,} |")
    return "\n".join(lines).rstrip()


def _parity(card: Card) -> str:
    if not card.parity:
        return ""
    text = "Read back from disk, it answers as the trained model did" if card.parity.get("holds") else "Not shown"
    return f"## Parity\n\n{text} on {card.parity.get('probes')} probes; `parity.json` holds the figures and bounds."


def _limits(card: Card) -> str:
    return "\n".join(["## Limits", "", *(f"- {limit}" for limit in (*card.limits, *LIMITS))])


def _licence(card: Card) -> str:
    known = f"The base declares `{card.licence}`. " if card.licence else "The base declares no licence here. "
    return f"## Licence\n\n{known}{_LICENCE_NOTE}"


def _lineage(card: Card) -> str:
    if not card.lineage:
        return ""
    return "\n".join(["## Lineage", "", *(f"- {name}: `{value}`" for name, value in card.lineage.items())])


def _recipe(card: Card) -> str:
    if not card.recipe:
        return ""
    return f"## Recipe\n\n```json\n{json.dumps(card.recipe, indent=1, ensure_ascii=False, default=str)}\n```"
