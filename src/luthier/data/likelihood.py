"""How likely a model finds an answer with its question and without: perplexity and IFD.

Instruction-following difficulty (Li et al. 2024, "Cherry LLM", as its code computes it) is the mean negative
log-likelihood of the answer's tokens given the question, divided by that of the same tokens alone. Below 1 the question
helps; above 1 it does not, so that question and answer do not belong together, as far as this model can tell: such rows
are discarded. (A filter that keeps IFD of 1 and more keeps just these.) The ratio of perplexities lies on the same side
of 1. Near 1 the row is hard, near 0 easy.

"Alone" means after an empty question in the same chat format, as the published code keeps its "### Response:": what
the format itself tells of an answer is in both. Only the last answer is scored, without its end-of-turn token. An
answer that does not fit the context is not cut but left without a score; plain text has perplexity and no IFD.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from luthier.engines import Engine, Request, TokenEngine, Unsupported
from luthier.errors import LuthierError
from luthier.records import Example, Message, Score, TokenScores

Item = tuple[Sequence[int], Sequence[int]]
_WINDOW = 2048
"""Tokens of a window of plain text where the engine does not know its context."""


class LikelihoodScorer:
    """Scores rows through one engine.

    Raises:
        Unsupported: the engine gives no log-probabilities of a given text.
    """

    def __init__(self, engine: Engine, adapter: str | None = None) -> None:
        if not {"loglikelihood", "token_ids"} <= engine.capabilities or not isinstance(engine, TokenEngine):
            raise Unsupported(
                engine.name, "log-probabilities of given answers",
                fix="data.select.likelihood.model: a model that runs on this machine",
            )  # fmt: skip
        self._engine: TokenEngine = engine
        self._adapter = adapter
        self._alone = self._engine.prompt_ids(Request(messages=(Message("user", ""),), adapter=adapter))

    def __call__(self, rows: Sequence[Example]) -> list[Score]:
        """``value`` is the IFD; ``parts`` hold perplexity, the two means in nats per token, and the tokens scored."""
        items: list[Item] = []
        spans: list[tuple[int, int] | Score] = []
        for row in rows:
            try:
                wanted = self._document(row) if row.text is not None else self._answer(row)
            except LuthierError as error:  # the chat format refuses the row
                wanted = Score(None, error.what)
            if isinstance(wanted, Score):
                spans.append(wanted)
            else:
                spans.append((len(items), len(items) + len(wanted)))
                items += wanted
        found = self._engine.loglikelihood(items, adapter=self._adapter)
        return [
            span if isinstance(span, Score) else _score(found[slice(*span)], plain=row.text is not None)
            for span, row in zip(spans, rows, strict=True)
        ]

    def _answer(self, row: Example) -> list[Item] | Score:
        if not row.answer.strip():
            return Score(None, "the answer has no words (a tool call)")
        said = self._engine.encode(row.answer)
        asked = self._engine.prompt_ids(Request(messages=row.prompt, tools=row.tools, adapter=self._adapter))
        context = self._engine.context
        if context is not None and len(asked) + len(said) > context:
            return Score(None, f"{len(asked) + len(said):,} tokens; the model's context holds {context:,}")
        return [(asked, said), (self._alone, said)]

    def _document(self, row: Example) -> list[Item] | Score:
        from luthier.engines.likelihood import document_items

        ids = self._engine.encode(row.text or "")
        return list(document_items(ids, self._engine.context or _WINDOW)) or Score(None, "the text is empty")


def _score(found: Sequence[TokenScores], *, plain: bool) -> Score:
    if plain:
        tokens = sum(len(one.logprobs) for one in found)
        given = -sum(one.total for one in found) / tokens
        return Score(None, "plain text has no question", {"perplexity": exp(min(given, 700)), "tokens": tokens})
    with_question, without = found
    tokens = len(with_question.logprobs)
    given, alone = -with_question.total / tokens, -without.total / tokens
    parts = {"perplexity": exp(min(given, 700)), "given": given, "alone": alone, "tokens": tokens}
    if alone < 1e-6:
        return Score(None, "the model knows the answer without any question", parts)
    return Score(given / alone, "", parts)
