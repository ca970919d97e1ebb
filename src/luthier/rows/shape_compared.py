"""Layouts of rows that say which answer is better: pairs, edited answers, ranked lists, thumbs.

Each recogniser looks at a sample and gives the shape with its confidence, or None. Pairs are found by the names of
their two sides, rankings by answers that stand beside ranks or ratings, thumbs by a true/false label of an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from luthier.rows.fields import CHAT_KEYS, Sample, Shape, by_name, columns_named, share
from luthier.rows.transcript import is_transcript

_SIDES = (
    ("chosen", "rejected"), ("preferred_output", "non_preferred_output"), ("chosen_response", "rejected_response"),
    ("chosen_answer", "rejected_answer"), ("accepted", "rejected"), ("preferred", "rejected"),
    ("preferred", "dispreferred"),
)  # fmt: skip
_EDITED = ("edited", "edited_answer", "edited_response", "edited_output", "edit", "corrected", "corrected_answer",
           "correction", "revised", "revised_answer")  # fmt: skip
_ORIGINAL = ("original", "original_answer", "original_response", "original_output", "before", "draft", "model_answer",
             "model_response", "answer", "response", "output", "completion")  # fmt: skip
_PROMPTS = ("prompt", *CHAT_KEYS, "instruction", "question", "query", "input", "context")
_ANSWERS = ("answers", "responses", "completions", "candidates", "generations", "outputs", "options")
_RANKS = ("ranks", "rank", "ranking", "rankings")
_RATINGS = ("ratings", "scores", "rating", "score")
_LABELS = ("label", "labels")
_THUMBS = ("kto_tag", "thumb", "thumbs", "thumbs_up", "liked", "upvoted", "desirable", "is_good", "good", "feedback")
_BESIDE = {
    "system": ("system", "system_prompt"), "tools": ("tools",), "margin": ("margin",), "weight": ("weight",),
    "chosen_rating": ("chosen_rating", "score_chosen", "chosen_score", "chosen-rating", "rating_chosen"),
    "rejected_rating": ("rejected_rating", "score_rejected", "rejected_score", "rejected-rating", "rating_rejected"),
    "annotators": ("annotators", "annotator", "labeler", "labelers", "annotator_id", "worker"),
}  # fmt: skip
TEXT_KEYS = ("answer", "response", "text", "content", "completion", "output", "value")
"""Where the text of one answer of a ranked list stands."""
RANK_KEYS, RATING_KEYS = ("rank",), ("rating", "score", "overall_score", "reward")
_UP = frozenset({"true", "1", "up", "good", "yes", "like", "liked", "+1", "👍", "thumbs_up", "thumbs up", "positive"})
_DOWN = frozenset({"false", "0", "down", "bad", "no", "dislike", "disliked", "-1", "👎", "thumbs_down", "thumbs down",
                   "negative"})  # fmt: skip


def thumb_of(value: Any) -> bool | None:
    """Whether a cell means liked or not liked; None when it says neither."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1, -1):
        return value == 1
    said = value.strip().lower() if isinstance(value, str) else ""
    return True if said in _UP else False if said in _DOWN else None


def preference(sample: Sample, fields: Sequence[str]) -> Shape | None:
    """Pairs of a better and a worse answer."""
    for better, worse in _SIDES:
        chosen, rejected = by_name(fields, (better,)), by_name(fields, (worse,))
        if chosen and rejected:
            columns = _beside(fields, {"chosen": chosen, "rejected": rejected})
            seen = share(sample, lambda row, c=chosen, r=rejected: c in row and r in row)  # type: ignore[misc]
            return Shape("preference", seen, f"preference pairs: {_told(sample, columns)}", columns)
    chat, rejected = by_name(fields, CHAT_KEYS), by_name(fields, ("rejected_response", "rejected"))
    if chat and rejected:
        columns = _beside(fields, {"conversation": chat, "rejected": rejected})
        seen = share(sample, lambda row: isinstance(row.get(chat), list) and rejected in row)
        return Shape("preference", seen, f"preference pairs: {chat} ends with the better answer, {rejected}", columns)
    edited, original = by_name(fields, _EDITED), by_name(fields, _ORIGINAL)
    prompt = by_name(fields, [name for name in _PROMPTS if original is None or name != original.lower()])
    if edited and original and prompt:
        columns = _beside(fields, {"chosen": edited, "rejected": original})
        seen = share(sample, lambda row: edited in row and original in row)
        return Shape("preference", seen, f"edited answers: {edited} is better than {original}", columns)
    return None


def ranked(sample: Sample, fields: Sequence[str]) -> Shape | None:
    """Lists of answers with ranks or ratings, beside them or inside each answer."""
    answers = by_name(fields, _ANSWERS)
    prompt = by_name(fields, [name for name in _PROMPTS if name != (answers or "").lower()])
    if not (answers and prompt):
        return None
    columns = _beside(fields, {"answers": answers})
    for part, names in (("ranks", _RANKS), ("ratings", _RATINGS)):
        column = by_name(fields, names)
        if column and share(sample, lambda row, c=column: _as_long(row, answers, c)) >= 0.5:  # type: ignore[misc]
            seen = share(sample, lambda row, c=column: _as_long(row, answers, c))  # type: ignore[misc]
            return Shape("ranked", seen, f"ranked answers: {answers} with their {column}", {**columns, part: column})
    seen = share(sample, lambda row: _judged(row.get(answers)))
    reason = f"ranked answers: each of {answers} carries a rank or a rating"
    return Shape("ranked", seen, reason, columns) if seen else None


def kto(sample: Sample, fields: Sequence[str]) -> Shape | None:
    """Answers with a thumb: a chat, prompt and completion, or alpaca, each with a true/false label."""
    named = by_name(fields, _THUMBS)
    label = named or by_name(fields, _LABELS)
    chat = by_name(fields, CHAT_KEYS)
    completion = by_name(fields, ("completion", "response", "output", "answer", "reply"))
    if not label or not (chat or completion):
        return None

    def thumbed(row: Mapping[str, Any]) -> bool:
        value = row.get(label)
        # a column called "label" may hold classes 0 and 1 of another kind: there only true and false count
        return thumb_of(value) is not None if named else str(value).lower() in ("true", "false")

    if chat:
        columns = _beside(fields, {"conversation": chat, "label": label})
        seen = share(sample, lambda row: thumbed(row) and isinstance(row.get(chat), list))
        return Shape("kto", seen, f"thumbs on answers: {chat} with a true/false {label}", columns)
    assert completion is not None
    columns = _beside(fields, {"completion": completion, "label": label})
    if "prompt" not in columns:
        return None
    seen = share(sample, lambda row: thumbed(row) and completion in row)
    return Shape("kto", seen, f"thumbs on answers: {completion} with a true/false {label}", columns)


RECOGNISERS: dict[str, Callable[[Sample, Sequence[str]], Shape | None]] = {
    "preference": preference, "ranked": ranked, "kto": kto,
}  # fmt: skip


def _beside(fields: Sequence[str], columns: dict[str, str]) -> dict[str, str]:
    """The sides' columns with those of the prompt and of what else is known."""
    taken = set(columns.values())
    free = [name for name in fields if name not in taken]
    found = columns_named(free, _BESIDE)
    if "ratings" not in columns and (both := by_name(free, ("ratings",))):
        found["ratings"] = both
    if "conversation" not in columns and (prompt := by_name(free, _PROMPTS)):
        found["prompt"] = prompt
        context = by_name(free, ("input", "context"))
        if prompt.lower() in ("instruction", "question") and context:
            found["context"] = context
    return {**columns, **found}


def _told(sample: Sample, columns: Mapping[str, str]) -> str:
    chosen, rejected = columns["chosen"], columns["rejected"]
    kind = "fields"
    if share(sample, lambda row: is_transcript(row.get(chosen))) >= 0.5:
        kind = "transcripts"
    elif share(sample, lambda row: isinstance(row.get(chosen), list)) >= 0.5:
        kind = "message lists"
    asked = f"; {columns['prompt']} is asked" if "prompt" in columns else "; the prompt is what both begin with"
    return f"{kind} {chosen} and {rejected}{asked}"


def _as_long(row: Mapping[str, Any], answers: str, column: str) -> bool:
    listed, beside = row.get(answers), row.get(column)
    return isinstance(listed, list) and isinstance(beside, list) and len(listed) == len(beside) > 1


def _judged(value: Any) -> bool:
    if not isinstance(value, list) or len(value) < 2:
        return False
    return all(isinstance(item, Mapping) and any(key in item for key in (*RANK_KEYS, *RATING_KEYS)) for item in value)
