"""What texts tell about themselves; what can be mended is mended, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.rows import mojibake
from luthier.rows.signs import cut_off, mend, signs

WRITTEN = [
    "Café crème — don’t “quote” me… £5 · 20 °C", "Größe über Straße", "naïve São Paulo ÉTÉ À", "日本語のテキスト",
    "Привет, мир", "Ελληνικά κείμενα", "😀 party 🎉", "żółć gęśla jaźń", "Ünïcödé ½ ©",
]  # fmt: skip
MEANT = [
    "Spaß»", "été…»", "„FOÖ“", "MANHÃ”", "NÃO É", "Ça va? À bientôt…", "« Où es-tu ? »", "ÂNGELA", "Äpfel–Birnen",
    "5 £ – 6 €", "déjà “vu”", "«Ñandú»", "ÅÄÖ “ÅÄÖ”", "ÎLE–DE–FRANCE", "PÂTÉ", "ð is a letter", "10 Å…20 Å", "ĀB",
]  # fmt: skip


def broken(text: str) -> str:
    """UTF-8 read as Windows-1252, with the five bytes it lacks read as Latin-1."""
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in text.encode())


@pytest.mark.parametrize("text", WRITTEN)
def test_a_wrong_decoding_is_found_and_undone(text: str) -> None:
    damaged = broken(text)
    assert damaged != text and mojibake.find(damaged)
    assert mojibake.repair(damaged) == text
    assert not mojibake.find(text) and mojibake.repair(text) == text


def test_text_that_was_damaged_twice_is_mended_step_by_step() -> None:
    assert mojibake.repair(mojibake.repair(broken(broken("Café")))) == "Café"


@pytest.mark.parametrize("text", MEANT)
def test_odd_signs_that_are_meant_stay(text: str) -> None:
    assert mojibake.repair(text) == text and not mojibake.find(text)


@settings(deadline=None)
@given(st.text(alphabet="aé ÃÂâ€™ßÖ“»…\u0153\x93ðŸ", max_size=12))
def test_repair_and_find_agree(text: str) -> None:
    assert bool(mojibake.find(text)) == (mojibake.repair(text) != text)


@pytest.mark.parametrize(
    "answer",
    [
        "Yes", "label_17", "no punctuation at the end of this sentence here", '{"a": 1}', "[1, 2]", "see (a) and (b)",
        "```py\nx = 1\n```", "{{name}} made me", "He said to", "1, 2,", "It costs 5 €", "好的", "A / B",
    ],
)  # fmt: skip
def test_whole_answers_do_not_seem_cut_off(answer: str) -> None:
    assert cut_off(answer) == ""


@pytest.mark.parametrize(
    ("answer", "sign"),
    [
        ("Here are the three steps:", "':'"), ("one, two, three, four,", "','"), ('{"a": [1, 2, ', "JSON"),
        ("```\ncode", "code block"), ("It was the best idea that anybody had of the", "'the'"),
    ],
)  # fmt: skip
def test_answers_that_break_off_say_how(answer: str, sign: str) -> None:
    assert sign in cut_off(answer)


def test_mending_touches_used_columns_only_and_says_what_it_did() -> None:
    row = {"prompt": "\ufeff<s>CafÃ©?", "completion": " Yes\x07.</s>\n", "note": " kept \x07 ", "n": 3}
    mended, done = mend(row, {"prompt", "completion"}, row["completion"])
    assert mended == {"prompt": "Café?", "completion": "Yes.", "note": " kept \x07 ", "n": 3}
    assert [(one.path, set(one.rules)) for one in done] == [
        ("prompt", {"content.control", "content.mojibake", "content.bos"}),
        ("completion", {"content.control", "content.end", "answer.space"}),
    ]
    assert mend(mended, {"prompt", "completion"}, "Yes.") == (mended, [])


def test_turns_are_mended_where_they_stand() -> None:
    row = {"messages": [{"role": "user", "content": " hi "}, {"role": "assistant", "content": "a<|im_end|>"}]}
    mended, (one,) = mend(row, {"messages"}, "a<|im_end|>")
    assert mended["messages"][0]["content"] == " hi " and mended["messages"][1]["content"] == "a"
    assert one.path == "messages[1].content" and one.before == "a<|im_end|>"


@settings(deadline=None)
@given(st.text(max_size=30), st.text(alphabet=" aé\x07<s>|im_end[]ÃÂ©\ufeff", max_size=30))
def test_what_was_mended_gives_no_finding_that_can_be_mended(asked: str, answered: str) -> None:
    row = {"prompt": asked.encode("utf-8", "ignore").decode(), "completion": answered}
    mended, _ = mend(row, row.keys(), answered)
    for _ in range(3):  # what stood behind a removed sign may be the next to go
        mended, _ = mend(mended, row.keys(), mended["completion"])
    rules = {problem.rule for problem in signs(mended, row.keys(), mended["completion"])}
    assert not rules & {"content.control", "content.end", "answer.space"}
