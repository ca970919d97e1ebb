"""The best of several answers: drawn apart, chosen by whoever is asked, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from luthier.engines.best_of import BestOfEngine
from luthier.engines.embedded import EmbeddedEngine
from luthier.engines.protocol import Request, Unsupported
from luthier.errors import UsageError
from luthier.records import Message, Score

ASKED = [Request(messages=(Message("user", f"say {n}"),), max_tokens=6) for n in range(3)]


def longest(answers: Sequence[tuple[tuple[Message, ...], str]]) -> list[Score]:
    return [Score(float(len(text.encode()))) for _, text in answers]


def test_the_answer_that_is_liked_best_is_given_and_given_again(tiny: Any) -> None:
    with EmbeddedEngine(tiny) as plain:
        best = BestOfEngine(plain, 6, longest, liked_by="length")
        found = best.generate(ASKED)
        drawn = [plain.generate([Request(messages=r.messages, max_tokens=6, temperature=1.0, seed=k)
                                 for k in range(6)]) for r in ASKED]  # fmt: skip
        for one, own in zip(found, drawn, strict=True):
            assert len(one.text.encode()) == max(len(o.text.encode()) for o in own)
            assert len({o.text for o in own}) > 1
        assert [c.text for c in best.generate(ASKED)] == [c.text for c in found]
        shortest = BestOfEngine(plain, 6, lambda a: [Score(-(s.value or 0)) for s in longest(a)], liked_by="x")
        assert [c.text for c in shortest.generate(ASKED)] != [c.text for c in found]


def test_not_scored_is_worse_than_any_score_and_the_first_wins_a_tie(tiny: Any) -> None:
    with EmbeddedEngine(tiny) as plain:
        third = BestOfEngine(plain, 4, lambda a: [Score(None), Score(None), Score(-9.0), Score(None)], liked_by="x")
        own = plain.generate([Request(messages=ASKED[0].messages, max_tokens=6, temperature=1.0, seed=2)])
        assert third.generate(ASKED[:1])[0].text == own[0].text
        level = BestOfEngine(plain, 4, lambda a: [Score(1.0)] * len(a), liked_by="x")
        first = plain.generate([Request(messages=ASKED[0].messages, max_tokens=6, temperature=1.0, seed=0)])
        assert level.generate(ASKED[:1])[0].text == first[0].text


def test_it_is_another_engine_than_the_one_it_asks(tiny: Any) -> None:
    with EmbeddedEngine(tiny) as plain:
        ways = ((4, "a"), (8, "a"), (4, "b"))
        prints = [BestOfEngine(plain, n, longest, liked_by=by).fingerprint() for n, by in ways]
        assert len({str(p) for p in (*prints, plain.fingerprint())}) == 4
        best = BestOfEngine(plain, 2, longest, liked_by="a")
        assert "loglikelihood" not in best.capabilities
        with pytest.raises(Unsupported):
            best.loglikelihood([((1,), (2,))])
        with pytest.raises(UsageError):
            BestOfEngine(plain, 0, longest, liked_by="a")
        with pytest.raises(UsageError):
            BestOfEngine(plain, 4, longest, liked_by="a", temperature=0.0)
