"""From a row in its layout to a pair, a ranking or a thumb, or to a finding that says why not.

Every side is checked as a chat is: roles and their order, text that is text, an answer that is there. A prompt may
stand in a column of its own or be what both sides begin with: then it is the longest run of whole turns they share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from luthier.recipe.data import MapSpec
from luthier.records import Compared, Example, Message, Origin, Preference, Ranking, Thumb
from luthier.rows import mapped, transcript
from luthier.rows.answers import Turns, check_answer, last_answer, number, one_answer, parted, refuse_empty, same_answer
from luthier.rows.chat import read_turns, text_of, tools_of
from luthier.rows.convert import Layout, group_of, time_of, undated
from luthier.rows.finding import Finding, RowProblem
from luthier.rows.mapping import as_text
from luthier.rows.pairs import ranks_of
from luthier.rows.raw import Raw
from luthier.rows.shape_compared import RANK_KEYS, RATING_KEYS, thumb_of
from luthier.rows.signs import signs

BALANCED = 4 / 3
"""Thumbs up to thumbs down, in either direction; KTO's authors keep the weighted ratio between 1:1 and 4:3."""


def compares(layout: Layout) -> bool:
    """Whether rows of this layout say which answer is better."""
    if layout.map is not None:
        return bool(layout.map.chosen or layout.map.thumb or layout.map.answers)
    return layout.shape.compares


def to_compared(raws: Iterable[Raw], layout: Layout) -> Iterator[Compared | Finding]:
    """Each row as a record, or as one finding of severity "error"; warnings come before their record.

    A lopsided set of thumbs is told at the end, at the place of its first row.
    """
    thumbs = Thumbs()
    for raw in raws:
        for item in compare_row(raw, layout):
            if isinstance(item, Thumb):
                thumbs.count(item)
            yield item
    yield from check_balance(thumbs)


def compare_row(raw: Raw, layout: Layout) -> Iterator[Compared | Finding]:
    """One row as :func:`to_compared` gives it; the balance of thumbs is the caller's."""
    if raw.value is None:
        assert raw.problem is not None
        yield raw.problem
        return
    warnings: list[RowProblem] = []
    try:
        made = _builder(layout)(raw.value, warnings)
    except RowProblem as problem:
        yield problem.finding(raw.origin, raw.value)
        return
    chat = Example(messages=(*made.prompt, *best_answer(made)))
    warnings += signs(raw.value, layout.used, chat.answer, turns=len(chat.messages))
    error = next((warning for warning in warnings if warning.severity == "error"), None)
    if error is not None:
        yield error.finding(raw.origin, raw.value)
        return
    yield from (warning.finding(raw.origin, None) for warning in warnings)
    time = time_of(raw.value.get(layout.time)) if layout.time else None
    yield from undated(raw, layout, time)
    rest = {key: value for key, value in raw.value.items() if key not in layout.used}
    yield replace(made, group=group_of(raw.value, layout.group_by), time=time, origin=raw.origin, meta=rest)


def best_answer(made: Compared) -> tuple[Message, ...]:
    """The answer that a row says is good: the one to be learned from it."""
    if isinstance(made, Preference):
        return made.chosen
    return made.answers[made.ranks.index(min(made.ranks))] if isinstance(made, Ranking) else made.answer


@dataclass
class Thumbs:
    """How many thumbs were up and down, and where the first one stood."""

    up: int = 0
    down: int = 0
    first: Origin | None = None

    def count(self, thumb: Thumb) -> None:
        """One more."""
        self.first = self.first or thumb.origin
        self.up, self.down = self.up + thumb.good, self.down + (not thumb.good)

    def join(self, later: Thumbs) -> None:
        """Take over those of later rows."""
        self.up, self.down, self.first = self.up + later.up, self.down + later.down, self.first or later.first


def check_balance(thumbs: Thumbs) -> list[Finding]:
    """What is wrong with the shares of thumbs up and down: an error where one kind is missing, else a warning."""
    up, down, origin = thumbs.up, thumbs.down, thumbs.first
    if origin is None:
        return []
    if not up or not down:
        message = f"all {up + down:,} thumbs are {'up' if up else 'down'}: there is nothing to tell apart"
        return [Finding(origin, "kto.single", message, fix="add answers that were judged the other way")]
    if max(up, down) / min(up, down) <= BALANCED:
        return []
    fewer, weight = ("down", up / down) if up > down else ("up", down / up)
    message = f"{up:,} thumbs up and {down:,} down"
    fix = f"weigh thumbs {fewer} about {weight:.1f} times as much, or add some"
    return [Finding(origin, "kto.balance", message, severity="warning", fix=fix)]


Builder = Callable[[Mapping[str, Any], list[RowProblem]], Compared]


def _builder(layout: Layout) -> Builder:
    reader = _Reader(layout)
    if layout.map is not None:
        if layout.map.answers:
            return reader.mapped_ranking
        return reader.mapped_pair if layout.map.chosen is not None else reader.mapped_thumb
    by_shape: dict[str, Builder] = {"preference": reader.pair, "ranked": reader.ranking, "kto": reader.thumb}
    return by_shape[layout.shape.name]


class _Reader:
    """Rows of one layout. Each method gives a record without its circumstances and adds warnings to a list."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.columns = layout, layout.shape.columns

    def mapped_pair(self, row: Mapping[str, Any], warnings: list[RowProblem]) -> Preference:
        spec = self.layout.map
        assert spec is not None and spec.prompt is not None
        assert spec.chosen is not None and spec.rejected is not None
        prompt = mapped.with_system(mapped.side(row, spec.prompt, "prompt", "user"), row, spec)
        chosen = mapped.side(row, spec.chosen, "chosen", "assistant")
        rejected = mapped.side(row, spec.rejected, "rejected", "assistant")
        return self._checked_pair(prompt, chosen, rejected, (), warnings)

    def mapped_thumb(self, row: Mapping[str, Any], warnings: list[RowProblem]) -> Thumb:
        spec = self.layout.map
        assert spec is not None and spec.thumb is not None
        messages, _ = mapped.chat(row, spec)
        return self._checked_thumb(messages[:-1], messages[-1:], row.get(spec.thumb), spec.thumb, (), warnings)

    def mapped_ranking(self, row: Mapping[str, Any], warnings: list[RowProblem]) -> Ranking:
        spec = self.layout.map
        assert spec is not None and spec.prompt is not None
        prompt = mapped.with_system(mapped.side(row, spec.prompt, "prompt", "user"), row, spec)
        answers = [tuple(mapped.side(row, name, "answers", "assistant")) for name in spec.answers]
        if spec.votes:
            ratings = tuple(map(float, _votes(row, spec)))
        else:
            ratings = tuple(number(row.get(name), name, "rank.rating") for name in spec.ratings)
        made = self._checked_ranking(prompt, answers, spec.answers, ranks_of(ratings), warnings)
        return replace(made, ratings=ratings, annotators=spec.votes)

    def pair(self, row: Mapping[str, Any], warnings: list[RowProblem]) -> Preference:
        prompt, tools = self._prompt(row)
        rejected = self._side(row, "rejected")
        if "conversation" in self.columns:  # the better answer is the chat's own last turn
            prompt, chosen = last_answer(prompt, self.columns["conversation"])
        else:
            chosen = self._side(row, "chosen")
        prompt, chosen, rejected = parted(prompt, chosen, rejected)
        made = self._checked_pair(self._with_system(prompt, row), chosen, rejected, tools, warnings)
        margin, weight = self._number(row, "margin"), self._weight(row)
        ratings = self._pair_of_ratings(row)
        if ratings is not None and ratings[0] < ratings[1]:
            message = f"chosen is rated {ratings[0]:g}, rejected {ratings[1]:g}"
            warnings.append(RowProblem("pair.swapped", message, fix="are they swapped?", severity="warning"))
        return replace(made, margin=margin, ratings=ratings, annotators=self._annotators(row), weight=weight)

    def ranking(self, row: Mapping[str, Any], warnings: list[RowProblem]) -> Ranking:
        prompt, tools = self._prompt(row)
        prompt = self._with_system(prompt, row)
        key = self.columns.get("answers", "answers")
        listed = row.get(key)
        if not isinstance(listed, list) or len(listed) < 2:
            fix = "a list of two or more answers"
            raise RowProblem("rank.answers", f"{key} is no list of answers", path=key, value=listed, fix=fix)
        places = [f"{key}[{index}]" for index in range(len(listed))]
        answers = [one_answer(item, place) for item, place in zip(listed, places, strict=True)]
        ranks, ratings = self._ranks(row, listed, key)
        made = self._checked_ranking(prompt, answers, places, ranks, warnings)
        annotators, weight = self._annotators(row), self._weight(row)
        return replace(made, ratings=ratings, tools=tools, annotators=annotators, weight=weight)

    def thumb(self, row: Mapping[str, Any], warnings: list[RowProblem]) -> Thumb:
        prompt, tools = self._prompt(row)
        if "conversation" in self.columns:
            prompt, answer = last_answer(prompt, self.columns["conversation"])
        else:
            answer = self._side(row, "completion")
        key = self.columns.get("label", "label")
        made = self._checked_thumb(self._with_system(prompt, row), answer, row.get(key), key, tools, warnings)
        return replace(made, annotators=self._annotators(row))

    def _checked_pair(
        self,
        prompt: list[Message],
        chosen: list[Message],
        rejected: list[Message],
        tools: tuple[Mapping[str, Any], ...],
        warnings: list[RowProblem],
    ) -> Preference:
        prompt = self._job_system(prompt)
        for name, side in (("chosen", chosen), ("rejected", rejected)):
            refuse_empty(side, self.columns.get(name, name))
        if same_answer(chosen, rejected):
            raise RowProblem("pair.same", "chosen and rejected are the same", path="chosen", fix="leave the row out")
        check_answer(prompt, chosen, "chosen")
        check_answer(prompt, rejected, "rejected")
        if any(message.role == "user" for message in (*chosen, *rejected)):
            message = "chosen and rejected part before the last question"
            warnings.append(RowProblem("pair.turns", message, "chosen", fix="compare one answer", severity="warning"))
        return Preference(tuple(prompt), tuple(chosen), tuple(rejected), tools)

    def _checked_ranking(
        self,
        prompt: list[Message],
        answers: Sequence[Turns],
        places: Sequence[str],
        ranks: tuple[int, ...],
        warnings: list[RowProblem],
    ) -> Ranking:
        prompt = self._job_system(prompt)
        for answer, place in zip(answers, places, strict=True):
            check_answer(prompt, answer, place)
        if len(set(ranks)) == 1:
            message = "all answers have the same rank"
            raise RowProblem("rank.tied", message, path=places[0].partition("[")[0], fix="leave the row out")
        return Ranking(tuple(prompt), tuple(answers), ranks)

    def _checked_thumb(
        self,
        prompt: list[Message],
        answer: list[Message],
        value: Any,
        key: str,
        tools: tuple[Mapping[str, Any], ...],
        warnings: list[RowProblem],
    ) -> Thumb:
        prompt = self._job_system(prompt)
        refuse_empty(answer, self.columns.get("completion", "completion"))
        check_answer(prompt, answer, self.columns.get("completion", "completion"))
        good = thumb_of(value)
        if good is None:
            fix = "write true or false"
            raise RowProblem("kto.label", "neither thumb up nor thumb down", path=key, value=value, fix=fix)
        return Thumb(tuple(prompt), tuple(answer), good, tools)

    def _prompt(self, row: Mapping[str, Any]) -> tuple[list[Message], tuple[Mapping[str, Any], ...]]:
        """The prompt column's messages (none when there is no such column), and the tools."""
        tools_key = self.columns.get("tools", "tools")
        tools = tools_of(row.get(tools_key), tools_key)
        key = self.columns.get("conversation") or self.columns.get("prompt")
        if key is None:
            return [], tools
        if key not in row:
            raise RowProblem("row.shape", f"the field {key} is missing", path=key, fix="add it")
        value = row[key]
        if isinstance(value, Mapping) and "messages" in value:  # OpenAI: {"messages": …, "tools": …}
            tools = tools or tools_of(value.get("tools"), f"{key}.tools")
            return read_turns(value["messages"], f"{key}.messages"), tools
        if isinstance(value, list):
            return read_turns(value, key), tools
        if transcript.is_transcript(value):
            turns = transcript.parse(value)
            return (turns[:-1] if turns[-1].role == "assistant" and not turns[-1].content else turns), tools
        text = text_of(value, key)
        context = self.columns.get("context")
        if context and row.get(context):
            text = f"{text}\n\n{text_of(row[context], context)}"
        return [Message("user", text)], tools

    def _side(self, row: Mapping[str, Any], part: str) -> list[Message]:
        key = self.columns.get(part, part)
        if key not in row:
            raise RowProblem("row.shape", f"the field {key} is missing", path=key, fix="add it")
        return list(one_answer(row[key], key, whole=True))

    def _with_system(self, messages: list[Message], row: Mapping[str, Any]) -> list[Message]:
        key = self.columns.get("system")
        said = text_of(row.get(key), key, missing_is_empty=True) if key else ""
        if said.strip() and messages and messages[0].role != "system":
            messages = [Message("system", said), *messages]
        return self._job_system(messages)

    def _job_system(self, messages: list[Message]) -> list[Message]:
        if self.layout.system and messages and messages[0].role != "system":
            return [Message("system", self.layout.system), *messages]
        return messages

    def _number(self, row: Mapping[str, Any], part: str) -> float | None:
        key = self.columns.get(part)
        value = row.get(key) if key else None
        return None if value is None or value == "" else number(value, key or part, "pair.rating")

    def _weight(self, row: Mapping[str, Any]) -> float:
        weight = self._number(row, "weight")
        if weight is not None and weight < 0:
            key = self.columns["weight"]
            raise RowProblem("pair.rating", f"{key} is negative", path=key, value=weight, fix="a number from 0")
        return 1.0 if weight is None else weight

    def _pair_of_ratings(self, row: Mapping[str, Any]) -> tuple[float, float] | None:
        chosen, rejected = self._number(row, "chosen_rating"), self._number(row, "rejected_rating")
        if chosen is not None and rejected is not None:
            return chosen, rejected
        key = self.columns.get("ratings")
        both = row.get(key) if key else None
        if both is None:
            return None
        if not isinstance(both, list) or len(both) != 2:
            fix = "a list of two numbers: chosen, rejected"
            raise RowProblem("pair.rating", f"{key} is no pair of numbers", path=key or "", value=both, fix=fix)
        first, second = (number(value, f"{key}[{index}]", "pair.rating") for index, value in enumerate(both))
        return first, second

    def _annotators(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        key = self.columns.get("annotators")
        value = row.get(key) if key else None
        listed = value if isinstance(value, list) else [value]
        return tuple(as_text(name) for name in listed if name not in (None, ""))

    def _ranks(
        self, row: Mapping[str, Any], listed: Sequence[Any], key: str
    ) -> tuple[tuple[int, ...], tuple[float, ...] | None]:
        """Ranks from 1 (those given count, else those of the ratings), and the ratings, if there are any."""
        ranks = self._numbers(row, listed, key, "ranks", RANK_KEYS)
        ratings = self._numbers(row, listed, key, "ratings", RATING_KEYS)
        if ranks is not None:
            return ranks_of([-rank for rank in ranks]), ratings
        if ratings is not None:
            return ranks_of(ratings), ratings
        raise RowProblem("rank.rating", "no ranks and no ratings", path=key, fix="add ranks, 1 for the best")

    def _numbers(
        self, row: Mapping[str, Any], listed: Sequence[Any], key: str, part: str, keys: Sequence[str]
    ) -> tuple[float, ...] | None:
        """One number for each answer, from a column beside them or from inside each; None where there are none."""
        column = self.columns.get(part)
        if column is not None:
            values, where = row.get(column), column
        else:
            objects = [item for item in listed if isinstance(item, Mapping)]
            inside = [next((item[k] for k in keys if k in item), None) for item in objects]
            values, where = (inside if any(v is not None for v in inside) else None), key
        if values is None:
            return None
        if not isinstance(values, list) or len(values) != len(listed):
            message = f"{where} has not one value an answer"
            raise RowProblem("rank.rating", message, path=where, value=values, fix="one number for each answer")
        return tuple(number(value, f"{where}[{i}]", "rank.rating") for i, value in enumerate(values))


def _votes(row: Mapping[str, Any], spec: MapSpec) -> list[int]:
    """How many people chose each answer."""
    names = {str(number): number - 1 for number in range(1, len(spec.answers) + 1)}
    names.update({name.lower(): index for index, name in enumerate(spec.answers)})
    counts = [0] * len(spec.answers)
    for column in spec.votes:
        said = as_text(row.get(column)).strip().lower()
        if said in names:
            counts[names[said]] += 1
        elif said not in ("", "0", "tie"):
            fix = f"write a number from 1 to {len(counts)}, the answer's column, or tie"
            raise RowProblem("rank.rating", f"{column} names no answer", path=column, value=row.get(column), fix=fix)
    return counts
