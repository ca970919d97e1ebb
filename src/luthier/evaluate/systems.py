"""The systems that stand side by side: the base as it is, the base with examples in the prompt, and what ships.

A prompt belongs to the system: each has a title, a fixed way to ask (prompt, decoding) and a price in prompt tokens.
The words baseline is in ``words``. Nothing is run here.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from luthier.engines import Engine, Request, TokenEngine, Unsupported
from luthier.evaluate.ledger import digest
from luthier.models.chat import ChatFormat
from luthier.records import Example, Message

BASE, FEW_SHOT, WORDS, TUNED = "base", "few_shot", "words", "tuned"


@dataclass(frozen=True)
class Contender:
    """A model ready to be asked.

    ``chat`` is its chat format, needed to score given answers (regression suites of questions); without it, or without
    log-likelihoods, such suites are answered and compared. ``adapter`` is asked for by name; None is the model itself.
    ``spelt_by`` is an engine by whose token ids its prompts are told apart: its base's, where it has tokens of its own.
    """

    engine: Engine
    chat: ChatFormat | None = None
    adapter: str | None = None
    spelt_by: TokenEngine | None = None

    @property
    def fingerprint(self) -> dict[str, Any]:
        return dict(self.engine.fingerprint(self.adapter))

    @property
    def tokens(self) -> TokenEngine | None:
        """The engine as one that tells token ids, if it does."""
        return cast(TokenEngine, self.engine) if "token_ids" in self.engine.capabilities else None


@dataclass(frozen=True)
class System:
    """One column of the comparison: a contender with its shots (earlier turns of every prompt), whose answers may be
    held to a JSON schema."""

    name: str
    title: str
    contender: Contender
    shots: tuple[Example, ...] = ()
    note: str = ""
    schema: Mapping[str, Any] | None = None

    def request(self, example: Example, max_tokens: int) -> Request:
        """The greedy request for one row."""
        messages = with_shots(example.prompt, self.shots)
        return Request(
            messages=messages, max_tokens=max_tokens, adapter=self.contender.adapter, tools=example.tools,
            schema=self.schema,
        )  # fmt: skip

    def held_to(self, schema: Mapping[str, Any]) -> System:
        """The same, its answers held to a schema; its title says so.

        Raises:
            Unsupported: its engine cannot.
        """
        if "schema" not in self.contender.engine.capabilities:
            raise Unsupported(self.contender.engine.name, "answers held to a schema", fix="evaluate.constrain: false")
        return replace(self, title=f"{self.title}, constrained JSON", schema=schema)

    def prompt_hash(self, request: Request) -> tuple[str, int]:
        """(hash of what the model sees, its tokens; 0 where the engine does not tell)."""
        tokens = self.contender.tokens
        if tokens is None:
            template = self.contender.fingerprint.get("template")
            return digest([_asked(request), template]), 0
        ids = tokens.prompt_ids(request)
        spelt = self.contender.spelt_by
        return digest(list(ids if spelt is None else spelt.prompt_ids(request))), len(ids)


def asked_hash(example: Example) -> str:
    """Hash of the messages before the answer, whatever template renders them."""
    return digest([[m.to_dict() for m in example.prompt], [dict(t) for t in example.tools]])


def decoding_hash(request: Request) -> str:
    """Hash of how an answer is made: greedy settings, the limit, and the schema that it is held to."""
    held = [] if request.schema is None else [dict(request.schema)]
    made = ["generate", request.max_tokens, request.temperature, request.top_p, request.seed, request.stop]
    return digest([*made, *held])


def with_shots(prompt: tuple[Message, ...], shots: Sequence[Example]) -> tuple[Message, ...]:
    """Examples as earlier turns, behind the system message.

    A shot's own system message is left out where it is the prompt's; where it differs it opens the shot's first turn.
    """
    head = tuple(m for m in prompt[:1] if m.role == "system")
    said = {m.content for m in head}
    turns: list[Message] = []
    for shot in shots:
        own = [m for m in shot.messages if m.role == "system" and m.content not in said]
        rest = [m for m in shot.messages if m.role != "system"]
        if own and rest:
            rest[0] = replace(rest[0], content="\n\n".join([*(m.content for m in own), rest[0].content]))
        turns += rest
    return (*head, *turns, *prompt[len(head) :])


def few_shot(
    contender: Contender, train: Sequence[Example], items: Sequence[Example], *, shots: int, max_tokens: int, seed: int
) -> System | str:
    """The base with ``shots`` training rows in the prompt, drawn by ``seed``; or why that cannot be.

    One number of shots serves every item: it is lowered until the longest item that fits by itself fits the context
    with its answer.
    """
    rows = sorted({e.id: e for e in train if e.prompt and e.answer.strip()}.values(), key=lambda e: e.id)
    if not rows:
        return "no training row has a question and an answer"
    drawn = tuple(random.Random(seed).sample(rows, min(shots, len(rows))))
    context, tokens = contender.engine.context, contender.tokens
    most = len(drawn)
    if context is not None and tokens is not None:
        sizes = {_size(contender, item, ()) + max_tokens: item for item in items}
        longest = sizes[max((size for size in sizes if size <= context), default=min(sizes))] if sizes else None
        while most and longest and _size(contender, longest, drawn[:most]) + max_tokens > context:
            most -= 1
        if not most:
            return f"not one example fits beside the question: the context holds {context:,} tokens"
    note = "" if most == shots else f"{most} of {shots} examples: " + (
        f"the context holds {context:,} tokens" if most < len(drawn) else f"train has {len(rows)} rows to draw from"
    )
    title = f"base + {most} example{'s' * (most != 1)} in the prompt"
    return System(FEW_SHOT, title, contender, drawn[:most], note)


def _size(contender: Contender, item: Example, shots: Sequence[Example]) -> int:
    """Prompt tokens of an item with these shots."""
    assert contender.tokens is not None
    request = Request(messages=with_shots(item.prompt, shots), tools=item.tools)
    return len(contender.tokens.prompt_ids(request))


def _asked(request: Request) -> list[Any]:
    return [[m.to_dict() for m in request.messages], [dict(t) for t in request.tools]]
