"""Text to ids: many at once as one by one, and the beginning of a text as if it had been encoded alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing

from luthier.models import encoder as encoders
from luthier.models.encoder import Encoder

WORDS = "The user asks the assistant. One, two, three: a tool can be called, and the answer is given.\n\n"
PIECES = ["One", "two ", " ", "\n", "\n\n", "é", "<", "<|", "|>", "The answer", "<s>", "<|end|>", "<|end|>x", "</s>"]


def byte_pairs() -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.train_from_iterator(
        [WORDS], trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    )
    return made


def first_llama() -> Tokenizer:
    made = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.train_from_iterator([WORDS], trainers.BpeTrainer(special_tokens=["<unk>"], show_progress=False))
    return made


def word_pieces() -> Tokenizer:
    made = Tokenizer(models.WordPiece(unk_token="<unk>"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.train_from_iterator([WORDS], trainers.WordPieceTrainer(special_tokens=["<unk>"], show_progress=False))
    return made


def sentence_pieces() -> Tokenizer:
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    trainer = trainers.UnigramTrainer(special_tokens=["<unk>"], unk_token="<unk>", vocab_size=60, show_progress=False)
    made.train_from_iterator([WORDS] * 3, trainer)
    return made


KINDS = (byte_pairs, first_llama, word_pieces, sentence_pieces)


def encoder(make: Callable[[], Tokenizer], *tokens: AddedToken) -> Encoder:
    from transformers import PreTrainedTokenizerFast

    inner = make()
    inner.add_special_tokens(list(tokens or [AddedToken("<s>"), AddedToken("</s>"), AddedToken("<|end|>")]))
    made = PreTrainedTokenizerFast(tokenizer_object=inner)
    return Encoder(made, {i: t.content for i, t in made.added_tokens_decoder.items() if t.special})


def texts(seed: int, count: int = 100) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(PIECES, k=rng.randint(0, 12))) for _ in range(count)]


@pytest.mark.parametrize("make", KINDS)
def test_the_beginning_of_a_text_has_the_ids_it_has_alone(make: Callable[[], Tokenizer]) -> None:
    form = encoder(make)
    for number, whole in enumerate(texts(1)):
        part = whole[: random.Random(number).randint(0, len(whole))]
        assert form.beginning(part, whole, form.ids(whole)) == form.ids(part), (part, whole)


@pytest.mark.parametrize(
    "more",
    [
        AddedToken("<|end|>x", special=True),  # begins with another control token
        AddedToken("|>One", special=False),  # begins where a control token ends
        AddedToken("<|end|>", special=True, single_word=True),
        AddedToken("<|end|>", special=True, rstrip=True),
        AddedToken("<s>", special=True, lstrip=True),
    ],
)
@pytest.mark.parametrize("make", KINDS[:2])
def test_control_tokens_that_look_at_their_neighbours(make: Callable[[], Tokenizer], more: AddedToken) -> None:
    plain = [AddedToken(text, special=True) for text in ("<s>", "</s>", "<|end|>") if text != more.content]
    form = encoder(make, *plain, more)
    for number, whole in enumerate(texts(2)):
        part = whole[: random.Random(number).randint(0, len(whole))]
        assert form.beginning(part, whole, form.ids(whole)) == form.ids(part), (part, whole)


def test_a_prompt_is_told_without_encoding_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    form = encoder(byte_pairs)
    wholes = [f"<s>{text} two<|end|>\nThe answer</s>" for text in ("One", "three", "the user")]
    asked: list[str] = []
    plain = form._plain

    def counted(text: str) -> list[int]:
        asked.append(text)
        return plain(text)

    ids = form.ids_of(wholes)
    monkeypatch.setattr(form, "_plain", counted)
    for whole, found in zip(wholes, ids, strict=True):
        prompt = form.beginning(whole[: whole.index("The")], whole, found)
        assert prompt == found[: len(prompt)] and 3 < len(prompt) < len(found)
    assert asked == ["<|end|>\n"]


@pytest.mark.parametrize("make", KINDS)
def test_many_texts_have_the_ids_of_each(make: Callable[[], Tokenizer]) -> None:
    form = encoder(make)
    typed = [form.broken(text) if number % 3 else text for number, text in enumerate(texts(3, 400))]
    assert len(typed) > 2 * encoders._PART  # by several threads
    assert form.ids_of(typed) == [form.ids(text) for text in typed]


@pytest.mark.parametrize("make", KINDS)
def test_many_texts_are_opened_as_the_tokenizer_opens_each(make: Callable[[], Tokenizer]) -> None:
    form = encoder(make)
    tokenizer: Any = form._tokenizer
    tokenizer.add_special_tokens({"bos_token": "<s>", "eos_token": "</s>"})
    start, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    plain = [text for text in texts(4, 400) if form.broken(text) == text]
    form._backend.post_processor = TemplateProcessing("<s> $A", special_tokens=[("<s>", start)])
    assert form.ids_of(plain, opened=True) == [tokenizer.encode(text) for text in plain]
    assert form.ids_of(["a<s>"], opened=True)[0].count(start) == 2, "typed and not marked: a control token"
    marked = form.broken("a<s>")
    assert form.ids_of([marked], opened=True) == [[start, *form.ids(marked)]]
    assert form.ids(marked).count(start) == 0
    form._backend.post_processor = TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", start), ("</s>", end)])
    assert form.ids_of(["One"], opened=True)[0][-1] == end


def test_what_others_asked_the_tokenizer_for_cuts_no_row() -> None:
    form = encoder(byte_pairs)
    wanted = form.ids_of(["One, two, three", "One"])
    backend: Any = form._backend
    backend.enable_truncation(2)
    backend.enable_padding(length=9)
    assert form.ids("One, two, three") == wanted[0]
    backend.enable_truncation(2)
    backend.enable_padding(length=9)
    assert form.ids_of(["One, two, three", "One"]) == wanted
