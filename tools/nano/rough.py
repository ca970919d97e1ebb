"""Prompts as nobody wrote them, for the replay rows: words swapped for others or left out, sentences in another order.

A fine-tuned model is held near its base at what is replayed. Held at nano's own wordings alone it forgets how to follow
others (the guard suites ask in others); rough prompts spread what is held around them. Promise: every answer is nano's
own, so nothing is taught that nano would not say; the same rows, seed and model give the same prompts and answers.

Not here: the rows themselves (guards.py).
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from tokenizers import Tokenizer
from tools.nano.score import greedy
from tools.nano.world import Item, Message
from transformers import LlamaForCausalLM

WORD = re.compile(r"([A-Za-z']+)")
SHARES = (0.05, 0.1, 0.2)
"""Of the words of a prompt that are touched; seven in ten become another word, the others go."""
OPENINGS = (
    "Please. ", "Hi. ", "One task: ", "A job for you. ", "Now this. ", "Listen. ", "For the list: ", "Quick one. ",
)  # fmt: skip
MOST_TOKENS = 60


def rough(rows: Sequence[dict[str, object]], seed: int = 5, every: int = 2) -> list[list[Message]]:
    """The first request (and system message) of every second chat, roughened."""
    rng = random.Random(seed)
    chats = [row.get("messages", []) for row in rows]
    words = [w for chat in chats for m in chat if m["role"] != "assistant" for w in WORD.findall(m["content"])]  # type: ignore[attr-defined]
    made: list[list[Message]] = []
    for chat in chats[::every]:
        asked: list[Message] = []
        for message in chat:  # type: ignore[attr-defined]
            if message["role"] == "assistant":
                break
            asked.append(dict(message))  # type: ignore[arg-type]
        for message in asked:
            text = message["content"]
            if rng.random() < 0.7:
                text = _other_words(text, words, rng)
            if rng.random() < 0.3:
                text = _other_order(text, rng)
            if rng.random() < 0.15:
                text = rng.choice(OPENINGS) + text
            message["content"] = text
        if asked:
            made.append(asked)
    return made


def rows_of(
    prompts: Sequence[list[Message]], model: LlamaForCausalLM, tokenizer: Tokenizer
) -> list[dict[str, object]]:
    """Each prompt with nano's own answer, where it has one that ends."""
    made: list[dict[str, object]] = []
    for asked in prompts:
        answer = greedy(model, tokenizer, Item("rough", asked, ""), MOST_TOKENS)
        ended = len(tokenizer.encode(answer).ids) < MOST_TOKENS
        if answer.strip() and ended:
            made.append({"messages": [*asked, {"role": "assistant", "content": answer}]})
    return made


def _other_words(text: str, words: Sequence[str], rng: random.Random) -> str:
    parts = WORD.split(text)
    share = rng.choice(SHARES)
    for i in range(1, len(parts), 2):
        if rng.random() < share:
            parts[i] = rng.choice(words) if rng.random() < 0.7 else ""
    return "".join(parts)


def _other_order(text: str, rng: random.Random) -> str:
    sentences = re.split(r"(?<=[.?!:])\s+", text)
    if len(sentences) > 1:
        i = rng.randrange(len(sentences) - 1)
        sentences[i], sentences[i + 1] = sentences[i + 1], sentences[i]
    return " ".join(sentences)
