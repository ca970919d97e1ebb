"""How an answer is given, whatever it says: its form, its length, whether it declines, whether it repeats itself.

A refusal is known by its first words, in a few languages: cheap, and blind to a refusal that is dressed up; what it
counts stands in the reason of each score. Nothing here looks at a reference.
"""

from __future__ import annotations

import re

from luthier.errors import LuthierError
from luthier.recipe.evaluate import FormatMetric, LengthMetric, RefusalMetric, RepetitionMetric
from luthier.records import Score
from luthier.score.json import parse
from luthier.score.measure import Measure
from luthier.text.normal import words

_OPENS = 300
"""Characters in which a refusal must show."""
_REFUSAL = re.compile(
    r"""
    \bI(?:['’]m|\ am)\ (?:so\ |very\ |really\ )?sorry\b.{0,80}?\b(?:can(?:['’]t|not|\ not)|unable|won['’]t|not\ able)
    | \bI(?:['’]m|\ am)\ (?:sorry,?\ )?(?:but\ )?(?:unable|not\ able|not\ allowed|not\ permitted|not\ comfortable)\b
    | \bI\ (?:really\ |simply\ |just\ )?
        (?:can(?:['’]t|not|\ not)|won['’]t|will\ not|must\ decline|have\ to\ decline|refuse\ to|decline\ to|could\ not
        |couldn['’]t)
        \ (?:\w+\ ){0,3}?
        (?:help|assist|provide|comply|answer|discuss|support|fulfil+|create|write|generate|offer|give|share|engage
        |do\ that|do\ this|with\ that|with\ this)
    | \bI\ must\ (?:respectfully\ |politely\ )?(?:decline|refuse)
    | \b(?:as\ an?\ (?:AI|artificial|language)\b.{0,60}?\b(?:can(?:['’]t|not)|unable|not\ able|don['’]t|do\ not))
    | \bit(?:['’]s|\ is)\ (?:not\ (?:appropriate|ethical|possible)|against\ my)\b
    | \bmy\ (?:guidelines|programming|policy)\b.{0,40}?\b(?:prevent|prohibit|do(?:es)?\ not\ allow)
    | \b(?:tut\ mir|es\ tut\ mir)\ leid\b.{0,80}?\bnicht\b | \bich\ kann\ (?:\w+\ ){0,4}nicht\b
    | \b(?:je\ suis\ )?désolée?\b.{0,80}?\b(?:ne\ (?:peux|puis)|pas)\b | \bje\ ne\ (?:peux|puis)\ pas\b
    | \blo\ siento\b.{0,80}?\bno\b | \bno\ puedo\ (?:ayudar|proporcionar|responder)
    | \bmi\ dispiace\b.{0,80}?\bnon\b | \bdesculpe\b.{0,80}?\bnão\b | \bnão\ posso\ (?:ajudar|fornecer|responder)
    | (?:很抱歉|抱歉|对不起).{0,40}?(?:无法|不能|不可以) | 我(?:无法|不能)(?:提供|帮助|协助|回答)
    | (?:申し訳|すみません).{0,40}?(?:できません|お答えできません)
    | (?:К\ сожалению|извините).{0,80}?\bне\ (?:могу|смогу) | \bя\ не\ могу\ (?:помочь|ответить|предоставить)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def refuses(answer: str) -> str | None:
    """The words by which an answer declines to help; None if it does not."""
    found = _REFUSAL.search(answer.strip()[:_OPENS])
    return found[0] if found else None


def refusal(spec: RefusalMetric) -> Measure:
    """1 for a refusal, 0 otherwise."""

    def one(reference: str, answer: str) -> Score:
        said = refuses(answer)
        return Score(float(said is not None), f"declines: {said[:60]!r}" if said else "no refusal")

    key = "refusal(wanted)" if spec.wanted else "refusal"
    return Measure(key, "refused", one, binary=True, lower=not spec.wanted)


def repeated(answer: str, run: int) -> float:
    """The share of runs of words that stood before (Welleck et al. 2020's seq-rep-n); 0 for a text of fewer words."""
    found = words(answer)
    runs = [tuple(found[at : at + run]) for at in range(len(found) - run + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def repetition(spec: RepetitionMetric) -> Measure:
    """The share of an answer's runs of words that it had said before."""

    def one(reference: str, answer: str) -> Score:
        share = repeated(answer, spec.words)
        return Score(share, f"{share:.0%} of runs of {spec.words} words stood before")

    key = "repetition" if spec.words == 4 else f"repetition({spec.words})"
    return Measure(key, f"repeated runs of {spec.words} words", one, binary=False, lower=True)


def length(spec: LengthMetric) -> Measure:
    """Words in an answer; in scripts without spaces, letters."""

    def one(reference: str, answer: str) -> Score:
        return Score(float(len(words(answer))), f"{len(answer)} characters")

    return Measure(
        "length", "words in the answer", one, binary=False, unit="words", scale=1.0, most=float("inf"), decides=False
    )


def form(spec: FormatMetric) -> Measure:
    """1 where the whole answer, outer white space ignored, has the form.

    Raises:
        LuthierError: the pattern is no regular expression.
    """
    if spec.pattern is None:

        def is_json(reference: str, answer: str) -> Score:
            found = parse(answer)
            return Score(float(found.fields is not None), found.problem or "a JSON object")

        return Measure("format", "is a JSON object", is_json, binary=True)
    try:
        pattern = re.compile(spec.pattern, re.DOTALL)
    except re.error as error:
        raise LuthierError(
            f"the pattern is no regular expression: {error}", where="evaluate", fix="correct format.pattern"
        ) from None

    def matches(reference: str, answer: str) -> Score:
        held = pattern.fullmatch(answer.strip()) is not None
        return Score(float(held), "matches" if held else f"does not match {spec.pattern}")

    return Measure(f"format({spec.pattern})", "has the right form", matches, binary=True)
