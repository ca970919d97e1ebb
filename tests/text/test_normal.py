"""The rule of "the same text": it joins what people retype and keeps every script apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.text import normalise, places, shingles, strict, words
from luthier.text.normal import END, words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello, World!", "  hello world"),
        ("STRASSE", "Straße"),
        ("ﬁne", "fine"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ １２", "full width 12"),
        ("caf\u0065\u0301", "CAFÉ"),
        ("don't", "DON’T"),
        ("a\tb\n\nc", "a b -- c"),
    ],
)
def test_retyped_texts_are_the_same(one: str, other: str) -> None:
    assert normalise(one) == normalise(other) != ""


@pytest.mark.parametrize(
    "texts",
    [
        ("我的卡在哪里？", "我要取消订单。", "今天天气很好"),
        ("أين بطاقتي؟", "أريد إلغاء الطلب", "الطقس جميل اليوم"),
        ("บัตรของฉันอยู่ที่ไหน", "ฉันต้องการยกเลิกคำสั่งซื้อ", "วันนี้อากาศดี"),
        ("12345", "12346", "2 + 2"),
        ("где моя карта", "हाँ", "हूँ"),
    ],
    ids=["chinese", "arabic", "thai", "digits", "cyrillic-devanagari"],
)
def test_no_script_collapses(texts: tuple[str, ...]) -> None:
    keys = [normalise(text) for text in texts]
    assert len(set(keys)) == len(texts) and "" not in keys


@pytest.mark.parametrize("text", ["", "   ", "!!!", "???", "🙂", "❤️", "👩‍👩‍👧", "_ _", "— …"])
def test_a_text_without_letters_or_numbers_has_the_empty_key_and_no_shingles(text: str) -> None:
    assert normalise(text) == ""
    assert shingles(text) == frozenset()


@given(st.text())
def test_a_key_is_its_own_key(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_the_fast_path_for_ascii_says_the_same_as_the_general_rule(text: str) -> None:
    assert normalise(text) == normalise(text + "é").removesuffix("é").strip()


def test_shingles_are_runs_of_words_and_short_texts_one_shingle() -> None:
    assert shingles("To be, or not") == {("to", "be", "or"), ("be", "or", "not")}
    assert shingles("Yes!") == {("yes",)}
    assert shingles("to be") == {("to", "be")} != shingles("to be or")
    with pytest.raises(ValueError, match="n=0"):
        shingles("a", 0)


def test_letters_of_scripts_without_spaces_stand_for_words() -> None:
    assert words("我爱 NLP 很久") == ["我", "爱", "nlp", "很", "久"]
    assert words("ที่") == ["ที่"]  # a Thai letter keeps its marks
    one, other = shingles("请问我的银行卡现在在什么地方呢"), shingles("请问我的银行卡现在在什么地方啊")
    assert len(one & other) / len(one | other) > 0.8


@given(st.text())
def test_every_word_has_a_place_in_the_text(text: str) -> None:
    found = places(text)
    assert len(found) == len(words(text))
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert [start for start, _ in found] == sorted(start for start, _ in found)


def test_places_are_those_of_the_words() -> None:
    text = "To be, or — NOT; 我爱 Ünter"
    assert [text[start:end] for start, end in places(text)] == ["To", "be", "or", "NOT", "我", "爱", "Ünter"]
    assert places("½ cup") == [(0, 1), (0, 1), (2, 5)]  # one sign, two words


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Top up?", "top-up", True),
        ("Where, then – here", "where then here!", True),
        ("5 - 3", "5 + 3", False),
        ("5-3", "5 3", False),
        ("-5", "5", False),
        ("( [ ) ]", "[ ( ] )", False),
        ("wait - 5 minutes", "wait 5 minutes", False),
    ],
)
def test_signs_that_carry_meaning_stay_in_the_strict_text(one: str, other: str, same: bool) -> None:
    assert (strict(one) == strict(other)) is same


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=127)) | st.text("aB1 .,-!\t\x1c'\"+"))
def test_the_strict_text_of_ascii_is_that_beside_other_letters(text: str) -> None:
    assert strict(f"{text}x") + "ü" == strict(f"{text}xü")


@settings(deadline=None)
@given(st.lists(st.text() | st.text("aB1 §.\x00\x1c\x85ÿ", max_size=8), max_size=8), st.integers(1, 3))
def test_the_words_of_several_texts_are_those_of_each(texts: list[str], ends: int) -> None:
    assert words_of(texts, ends) == [word for text in texts for word in (*words(text), *[END] * ends)]
