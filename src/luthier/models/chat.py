"""Messages to token ids and the loss mask: the only place where this happens, for training, evaluation and serving.

Invariants. A prompt has the same ids wherever it is asked. In a training sample exactly the assistant's own tokens are
trained, each turn's end token included, the header before and the newline after it not. What comes before a trained
turn is what the model will be given at serving, id by id; where a template rewrites earlier turns a chat becomes one
sample per assistant turn. Text of a message can never become a control token: ``<|im_end|>`` typed by a user is encoded
as plain text. Rendered text is tokenised whole; nothing adds a second beginning-of-text token.

Not here: choosing or pinning the template (``template``), text to ids (``encoder``), padding and batches (``train``),
parsing of tool calls.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

from luthier.errors import LuthierError
from luthier.models import template as templates
from luthier.models.encoder import Encoder
from luthier.models.mould import Moulds
from luthier.records import Example, Message

OnOverlong = Literal["drop", "keep_end", "pieces", "refuse"]

_DOCUMENT_ENDS = ("<|endoftext|>", "<|end_of_text|>", "</s>")
"""Names of the token that ends a document, for tokenizers whose ``eos_token`` ends a turn of a chat."""
_ROLES = frozenset(("system", "user", "assistant", "tool"))
_TOGETHER = 512
"""Rows encoded at once: enough for all processors, few enough for their caches."""


class NothingTrained(LuthierError):
    """A row holds no token to learn from."""

    def __init__(self, row: str) -> None:
        self._row = row
        super().__init__(
            "this row holds no answer to learn from",
            where=row,
            why="training would only see context, and the loss would be nothing",
            fix="give it an assistant turn with text (and a weight above 0), or leave the row out",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (NothingTrained, (self._row,))


class TooLong(LuthierError):
    """A row does not fit the longest allowed length. ``tokens`` and ``limit`` are in ``details``."""

    def __init__(self, row: str, tokens: int, limit: int) -> None:
        self._args = (row, tokens, limit)
        super().__init__(
            f"this row has {tokens:,} tokens, but at most {limit:,} are allowed",
            where=row,
            why="a row cut off anywhere teaches the model to stop there",
            fix="shorten it, raise train.max_length, or set data.on_overlong to drop, keep_end or split",
            details={"tokens": tokens, "limit": limit},
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (TooLong, self._args)


@dataclass(frozen=True, slots=True)
class Sample:
    """One row to train on. ``ids`` (T,) and ``trained`` (T,): true where the token is learned.

    ``weights`` (T,) is None where every trained token weighs 1; ``weight`` belongs to the whole row. ``exact`` says
    that what stands before the trained part is, id by id, the prompt that this format gives at serving.
    """

    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    example_id: str
    weights: tuple[float, ...] | None = None
    weight: float = 1.0
    exact: bool = True


class _Shown(NamedTuple):
    """One assistant turn as text: what is asked, and the chat up to its end."""

    asked: str
    upto: str
    weight: float
    exact: bool


class _Turn(NamedTuple):
    """One assistant turn: ``ids`` up to its end token, of which those from ``start`` on are the model's own."""

    ids: list[int]
    start: int
    weight: float
    exact: bool


class ChatFormat:
    """How one model reads and writes chats.

    Args:
        tokenizer: a transformers tokenizer; its ``chat_template`` is used. Without one only plain text can be encoded,
            and the first chat is refused.
        thinking: the model is to reason aloud before it answers. Otherwise the header that a template writes between
            prompt and answer (an empty thinking block, a channel name) is part of every prompt.
        stop_ids: further tokens that end an answer (of the model's generation_config).

    Not safe to use from several threads at once.
    """

    def __init__(self, tokenizer: Any, *, thinking: bool = False, stop_ids: Sequence[int] = ()) -> None:
        self.tokenizer = tokenizer
        self.thinking = thinking or templates.thinks(tokenizer.chat_template or "")
        self._more_stops = tuple(stop_ids)
        self._special: dict[int, str] = {
            i: str(t.content) for i, t in tokenizer.added_tokens_decoder.items() if t.special
        } | dict(zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True))
        self._encoder = Encoder(tokenizer, self._special)
        self._blank: dict[int, bool] = {}

    # ---- prompts and plain text

    def prompt_ids(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> list[int]:
        """What the model is given before it answers, header of its turn included.

        Raises:
            LuthierError: there is no chat template, or it refuses these messages.
        """
        return self._encoder.ids(self._text(self._plain(messages), True, tools))

    def prompt_text(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> str:
        """The same as text, for people to read."""
        return self._encoder.shown(self._text(self._plain(messages), True, tools))

    def text_ids(self, text: str) -> list[int]:
        """A plain document, with the beginning-of-text token where the tokenizer adds one; its end is not marked."""
        return self.texts_ids([text])[0]

    def texts_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """:meth:`text_ids` of several, on all processors."""
        return self._encoder.ids_of([self._encoder.broken(text) for text in texts], opened=True)

    def decode(self, ids: Sequence[int]) -> str:
        """Ids of an answer as its text; control tokens are left out."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    # ---- training samples

    def samples(
        self, example: Example, *, max_length: int | None = None, on_overlong: OnOverlong = "drop"
    ) -> list[Sample]:
        """Training samples of a row: one, or one per assistant turn where the template rewrites earlier turns.

        Args:
            example: a chat (assistant turns of weight 0 are context only) or a plain text (all of it is trained, with
                the token that ends a document).
            max_length: most tokens a sample may have; None is no limit.
            on_overlong: longer samples are left out (the result may be empty), cut at the front so that the answer
                stays (or left out where it cannot), or refused; ``pieces`` cuts a plain text into consecutive ones, in
                which each of its tokens is trained once, and leaves out chats.

        Raises:
            NothingTrained: no token of the row would be learned.
            TooLong: with ``on_overlong="refuse"``.
            LuthierError: there is no chat template, or it refuses these messages.
        """
        (found,) = self.samples_of([example], max_length=max_length, on_overlong=on_overlong)
        if isinstance(found, LuthierError):
            raise found
        return found

    def samples_of(
        self, examples: Sequence[Example], *, max_length: int | None = None, on_overlong: OnOverlong = "drop"
    ) -> Iterator[list[Sample] | LuthierError]:
        """:meth:`samples` of each row in turn, encoded together; of a row that cannot be used, its error."""
        for start in range(0, len(examples), _TOGETHER):
            shown = [self._shown(example) for example in examples[start : start + _TOGETHER]]
            texts = [turns[-1].upto for turns in shown if isinstance(turns, list) and turns]
            ids = iter(self._encoder.ids_of(texts))
            for example, turns in zip(examples[start : start + _TOGETHER], shown, strict=True):
                if isinstance(turns, LuthierError):
                    yield turns
                    continue
                try:
                    made = self._chat(example, turns, next(ids)) if turns else [self._document(example)]
                    if max_length is not None and on_overlong == "pieces" and example.text is not None:
                        made = self._pieces(made[0], max_length)
                    elif max_length is not None:
                        fitting = (self._fit(s, max_length, on_overlong, _name(example)) for s in made)
                        made = [s for s in fitting if s is not None]
                    yield made
                except LuthierError as error:
                    yield error

    def answer_sample(
        self, prompt: Sequence[Message], answer: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()
    ) -> Sample:
        """A sample in which only this answer is trained; what the assistant said in the prompt is context.

        Raises:
            LuthierError: as :meth:`samples`.
        """
        quiet = tuple(replace(m, weight=0.0) if m.role == "assistant" else m for m in prompt)
        return self.samples(Example(messages=(*quiet, *answer), tools=tuple(tools)))[-1]

    def _document(self, example: Example) -> Sample:
        ids = self.text_ids(example.text or "")
        if ids[-1:] != [self.document_end]:
            ids = [*ids, self.document_end]
        first = 1 if ids[0] == self.tokenizer.bos_token_id else 0
        if not (example.text or "").strip():
            raise NothingTrained(_name(example))
        return _sample(ids, [(first, len(ids), 1.0)], example)

    def _shown(self, example: Example) -> list[_Shown] | LuthierError:
        """The assistant turns of a chat that are trained, none for a plain text."""
        if example.text is not None:
            return []
        numbers = [i for i, m in enumerate(example.messages) if m.role == "assistant" and m.weight and _says(m)]
        if not numbers:
            return NothingTrained(_name(example))
        try:
            plain = self._plain(example.messages)
            return [self._show(plain, i, example.messages[i].weight, example.tools) for i in numbers]
        except LuthierError as error:
            return error

    def _show(self, plain: list[dict[str, Any]], number: int, weight: float, tools: Sequence[Any]) -> _Shown:
        """Render a chat up to one assistant turn as serving would see it."""
        if not tools and not self._pinned.folds_system:
            both = self._moulds.turn(self._pinned.source, plain[: number + 1])
            if both is not None:
                return _Shown(*both, weight, True)
        asked = self._text(plain[:number], True, tools)
        upto = self._text(plain[: number + 1], False, tools)
        exact = upto.startswith(asked)
        if not exact:  # the turn shows something that this format's prompts do not lead to (reasoning, mostly)
            asked = self._text(plain[:number], True, tools, source=self._pinned.base)
        return _Shown(asked, upto, weight, exact)

    def _chat(self, example: Example, shown: list[_Shown], ids: list[int]) -> list[Sample]:
        """Samples of a chat; ``ids`` are those of its last turn's text."""
        whole = shown[-1].upto
        turns = []
        for turn in shown:
            known = ids if turn is shown[-1] else None
            if known is None and whole.startswith(turn.upto):
                known = self._encoder.beginning(turn.upto, whole, ids)
            turns.append(self._turn(turn, self._encoder.ids(turn.upto) if known is None else known))
        last = turns[-1]
        if len(turns) == 1 or all(t.exact and last.ids[: len(t.ids)] == t.ids for t in turns):
            spans = [(t.start, len(t.ids), t.weight) for t in turns]
            return [_sample(last.ids, spans, example, exact=last.exact)]
        return [_sample(t.ids, [(t.start, len(t.ids), t.weight)], example, exact=t.exact) for t in turns]

    def _turn(self, shown: _Shown, ids: list[int]) -> _Turn:
        asked, upto = shown.asked, shown.upto
        begins = upto.startswith(asked)
        start = self._encoder.count(asked, upto, ids) if begins else None
        if start is None and begins:
            prompt = self._encoder.beginning(asked, upto, ids)
            if ids[: len(prompt)] != prompt:  # a token reaches across the border: encode as the model would go on
                ids = prompt + self._encoder.ids_behind(upto[len(asked) :])
            start = len(prompt)
        elif start is None:
            start = _common(self._encoder.ids(asked), ids)
        end = self._turn_end(ids, start)
        if end is None:  # the template marks no end: the model must learn one all the same
            answer = upto[len(asked) :].removesuffix(self._pinned.tail)
            ids = [*ids[:start], *self._encoder.ids_behind(answer), self.document_end]
            end = len(ids)
        return _Turn(ids[:end], start, shown.weight, shown.exact)

    def _turn_end(self, ids: list[int], start: int) -> int | None:
        """Index after the token that ends the turn: the first stop token in the run of control tokens and blanks at
        the end, else the first control token there."""
        special, stops = self._special, self.stop_ids
        first = first_stop = None
        for at in range(len(ids) - 1, start - 1, -1):
            token = ids[at]
            if token in special:
                first = at
            elif not self._is_blank(token):
                break
            if token in stops:
                first_stop = at
        end = first if first_stop is None else first_stop
        return None if end is None else end + 1

    def _fit(self, sample: Sample, limit: int, on_overlong: OnOverlong, row: str) -> Sample | None:
        extra = len(sample.ids) - limit
        if extra <= 0:
            return sample
        if on_overlong == "refuse":
            raise TooLong(row, len(sample.ids), limit)
        if on_overlong in ("drop", "pieces"):
            return None
        kept = 1 if sample.ids[0] == self.tokenizer.bos_token_id else 0
        cut = extra + kept
        trained = list(sample.trained[:kept] + sample.trained[cut:])
        if sample.trained[cut - 1]:  # of an answer that was cut into, the rest is context: it would teach a false start
            end = trained.index(False) if False in trained else len(trained)
            trained[:end] = [False] * end
        if not any(trained):
            return None
        weights = None if sample.weights is None else sample.weights[:kept] + sample.weights[cut:]
        ids = sample.ids[:kept] + sample.ids[cut:]
        return Sample(ids, tuple(trained), sample.example_id, weights, sample.weight, exact=False)

    def _pieces(self, sample: Sample, limit: int) -> list[Sample]:
        """Every piece after the first begins with the last token of the one before as context, behind the token that
        begins a text where there is one: no token is trained twice, and none without one before it."""
        if len(sample.ids) <= limit:
            return [sample]
        head = 1 if sample.ids[0] == self.tokenizer.bos_token_id else 0
        pieces = [replace(sample, ids=sample.ids[:limit], trained=sample.trained[:limit])]
        step = limit - head - 1
        for start in range(limit, len(sample.ids), step):
            ids = (*sample.ids[:head], *sample.ids[start - 1 : start + step])
            pieces.append(replace(sample, ids=ids, trained=(False,) * (head + 1) + (True,) * (len(ids) - head - 1)))
        return pieces

    # ---- facts

    @cached_property
    def stop_ids(self) -> frozenset[int]:
        """Tokens that end an answer: the template's end of turn, the end of a document, the model's own."""
        found = {self.document_end, self.tokenizer.eos_token_id, *self._more_stops}
        if self.has_template:
            for tail in (self._pinned.tail, self._pinned.call_tail):
                ends = [i for i in self._encoder.ids(tail) if i in self._special]
                if tail is self._pinned.tail or not found.intersection(ends):
                    found.update(ends[:1])
        return frozenset(i for i in found if i is not None)

    @cached_property
    def document_end(self) -> int:
        """The token that ends a plain document.

        Raises:
            LuthierError: the tokenizer has none.
        """
        named = {text: i for i, text in self._special.items()}
        end = self.tokenizer.eos_token_id
        if self.has_template and end is not None and self._special.get(end, "") in self._pinned.tail:
            end = next((named[t] for t in _DOCUMENT_ENDS if t in named), end)
        if end is None:
            raise LuthierError(
                "the tokenizer names no end-of-text token",
                where="tokenizer_config.json: eos_token",
                why="the model could never learn to stop",
                fix="add eos_token to the model's tokenizer_config.json",
            )
        return int(end)

    @property
    def has_template(self) -> bool:
        """Whether chats can be encoded."""
        return bool(self.tokenizer.chat_template)

    @property
    def source(self) -> str:
        """The pinned template as Jinja source: what an export must carry so that other engines render the same."""
        return self._pinned.source

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the pinned template, the control tokens and the stop tokens."""
        template = self._pinned.source if self.has_template else ""
        body = [template, sorted(self._special.items()), sorted(self.stop_ids), self.tokenizer.bos_token]
        return hashlib.sha256(json.dumps(body, ensure_ascii=False).encode()).hexdigest()

    def show_mask(self, sample: Sample) -> list[tuple[str, bool]]:
        """Pieces of a sample as (text, trained), control tokens shown; for colouring."""
        pieces: list[tuple[str, bool]] = []
        start = 0
        for at in range(1, len(sample.ids) + 1):
            if at == len(sample.ids) or sample.trained[at] != sample.trained[start]:
                text = self.tokenizer.decode(
                    list(sample.ids[start:at]), skip_special_tokens=False, clean_up_tokenization_spaces=False
                )
                pieces.append((str(text), sample.trained[start]))
                start = at
        return pieces

    # ---- rendering

    @cached_property
    def _pinned(self) -> templates.Pinned:
        if not self.has_template:
            raise LuthierError(
                "the base has no chat template",
                where="model.base",
                why="without one nobody knows how a question and an answer look to this model",
                fix="name a Jinja file: model.chat_template: ./template.jinja",
            )
        made = templates.pin(self.tokenizer.chat_template, self._render, thinking=self.thinking)
        start = self.tokenizer.bos_token_id
        probe = self._encoder.ids(self._render(made.source, [{"role": "user", "content": "Hi"}], True))
        if start is not None and probe[:2] == [start, start]:
            raise LuthierError(
                "the chat template begins with two beginning-of-text tokens",
                where="model.chat_template",
                why="the model has never seen two of them",
                fix="remove one from the template",
            )
        return made

    @cached_property
    def _moulds(self) -> Moulds:
        return Moulds(self._render, self.tokenizer.special_tokens_map)

    def _render(
        self, source: str, messages: Sequence[Mapping[str, Any]], generate: bool, tools: Sequence[Any] = ()
    ) -> str:
        return str(
            self.tokenizer.apply_chat_template(
                list(messages),
                tools=[dict(t) for t in tools] or None,
                chat_template=source,
                add_generation_prompt=generate,
                tokenize=False,
            )
        )

    def _text(
        self, plain: Sequence[Mapping[str, Any]], generate: bool, tools: Sequence[Any], *, source: str | None = None
    ) -> str:
        """Rendered text, in which control tokens of messages are marked as plain text."""
        pinned = self._pinned
        messages = templates.fold_system(plain) if pinned.folds_system else plain
        if not messages:
            raise LuthierError("there is nothing to answer", where="messages", fix="send at least one message")
        try:
            return self._moulds(source or pinned.source, messages, generate, tools)
        except Exception as error:  # a template is foreign code and may raise anything
            roles = ", ".join(str(m["role"]) for m in plain)
            raise LuthierError(
                f"the chat template refuses these messages: {error}",
                where=f"roles: {roles}",
                why="the model was never taught such a chat",
                fix="change the order of the roles, or name another template: model.chat_template: ./template.jinja",
            ) from error

    def _plain(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """Messages as templates read them, with control tokens in them broken."""
        if not self._pinned.call_tail and any(m.tool_calls for m in messages):
            raise LuthierError(
                "the chat template does not render tool calls",
                where="model.chat_template",
                why="the model would be taught to answer nothing where it should call a tool",
                fix="choose a base that knows tools, or name a template that does: model.chat_template: ./file.jinja",
            )
        return [self._message(m) for m in messages]

    def _message(self, message: Message) -> dict[str, Any]:
        if message.reasoning is None and not message.tool_calls and message.tool_call_id is None is message.name:
            role = message.role if message.role in _ROLES else self._encoder.broken(message.role)
            return {"role": role, "content": self._encoder.broken(message.content)}
        out = message.to_dict()
        out.pop("weight", None)
        if message.tool_calls and self._pinned.call_text:
            for call in out["tool_calls"]:
                call["function"]["arguments"] = json.dumps(call["function"]["arguments"], ensure_ascii=False)
        if message.reasoning is not None:
            out["thinking"] = message.reasoning  # gpt-oss's name for it
        broken: dict[str, Any] = self._break_all(out)
        return broken

    def _break_all(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._encoder.broken(value)
        if isinstance(value, dict):
            return {k: self._break_all(v) for k, v in value.items()}
        return [self._break_all(v) for v in value] if isinstance(value, list | tuple) else value

    def _is_blank(self, token: int) -> bool:
        if token not in self._blank:
            self._blank[token] = not self.tokenizer.decode([token]).strip()
        return self._blank[token]


def _says(message: Message) -> bool:
    return bool(message.content.strip() or message.tool_calls or (message.reasoning or "").strip())


def _name(example: Example) -> str:
    return str(example.origin) if example.origin else f"row {example.id}"


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _sample(
    ids: Sequence[int], spans: Sequence[tuple[int, int, float]], example: Example, *, exact: bool = True
) -> Sample:
    trained: tuple[bool, ...] = ()
    for start, end, _ in spans:
        trained += (False,) * (start - len(trained)) + (True,) * (end - start)
    trained += (False,) * (len(ids) - len(trained))
    weights = None
    if any(weight != 1.0 for _, _, weight in spans):
        weights = [0.0] * len(ids)
        for start, end, weight in spans:
            weights[start:end] = [weight] * (end - start)
    return Sample(
        tuple(ids), trained, example.id, None if weights is None else tuple(weights), example.weight,
        exact=exact,
    )  # fmt: skip

