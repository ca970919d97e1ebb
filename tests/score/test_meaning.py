"""Similarity by a local encoder: a small BERT made here, compared with plain arithmetic and with bert-score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from luthier.errors import LuthierError
from luthier.evaluate.stage import encoders, located
from luthier.recipe.evaluate import BertScoreMetric, EmbeddingMetric, EvaluateSpec
from luthier.score import build

TEXTS = ("the cat sat on the mat", "a cat sat on a mat", "the dog runs", "cat", "mat the on sat cat the dog runs a")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers with random weights and a word vocabulary."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoders") / "bert"
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *["the", "a", "cat", "dog", "sat", "on", "mat", "runs"]]
    (folder / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=32, initializer_range=0.5,
    )  # fmt: skip
    BertModel(config).eval().save_pretrained(folder)
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), model_max_length=32).save_pretrained(folder)
    return folder


def states(folder: Path, text: str, layer: int) -> tuple[np.ndarray, list[int]]:
    """Hidden states by transformers itself, and the token ids."""
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    with torch.no_grad():
        found = AutoModel.from_pretrained(folder)(**tokens, output_hidden_states=True).hidden_states[layer]
    return found[0].double().numpy(), tokens["input_ids"][0].tolist()


def test_similarity_is_the_cosine_of_mean_vectors(bert: Path) -> None:
    measure = build(EmbeddingMetric(encoder=str(bert)))
    assert measure.key == "embedding(bert)" and "mean of tokens" in measure.note
    assert measure.score(TEXTS[0], TEXTS[0]).value == pytest.approx(1.0)
    a, b = (states(bert, text, 2)[0].mean(0) for text in TEXTS[:2])
    want = float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert measure.score(TEXTS[0], TEXTS[1]).value == pytest.approx(max(0.0, want), abs=1e-6)


def test_bert_score_is_the_greedy_match_of_tokens(bert: Path) -> None:
    for layer in (1, None):
        measure = build(BertScoreMetric(encoder=str(bert), layer=layer))
        for reference in TEXTS:
            for answer in TEXTS:
                (a, ids_a), (b, ids_b) = (states(bert, text, layer or 2) for text in (reference, answer))
                a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
                recall = np.mean([max(x @ y for y in b) for x in a[1:-1]])
                precision = np.mean([max(x @ y for y in a) for x in b[1:-1]])
                assert ids_a[0] == ids_b[0] == 2  # [CLS], which is no word
                want = 2 * precision * recall / (precision + recall)
                assert measure.score(reference, answer).value == pytest.approx(max(0.0, want), abs=1e-6)
    assert build(BertScoreMetric(encoder=str(bert))).score("cat", "").value == 0.0


def test_bert_score_equals_the_library(bert: Path) -> None:
    library = pytest.importorskip("bert_score")
    pairs = [(r, a) for r in TEXTS for a in TEXTS]
    _, _, theirs = library.score(
        [a for _, a in pairs], [r for r, _ in pairs], model_type=str(bert), num_layers=2, verbose=False
    )
    measure = build(BertScoreMetric(encoder=str(bert), layer=2))
    ours = [measure.score(r, a).value for r, a in pairs]
    assert ours == pytest.approx([max(0.0, float(x)) for x in theirs], abs=1e-5)


def test_the_built_in_base_is_an_encoder_too_and_long_texts_are_cut(bert: Path) -> None:
    nano = build(EmbeddingMetric(encoder="nano"))
    assert nano.score("the same text", "the same text").value == pytest.approx(1.0, abs=1e-6)
    assert 0 <= (nano.score("the same text", "quite another one").value or 0) < 1
    long = " ".join(["cat"] * 500)
    assert build(EmbeddingMetric(encoder=str(bert))).score(long, long).value == pytest.approx(1.0)


def test_a_layer_that_is_not_there_is_refused(bert: Path) -> None:
    with pytest.raises(LuthierError, match="no layer 3"):
        build(BertScoreMetric(encoder=str(bert), layer=3)).score("cat", "cat")


def test_an_encoder_beside_the_recipe_is_found_and_its_weights_are_known(bert: Path) -> None:
    spec = EvaluateSpec.model_validate({"also": {"kind": "embedding", "encoder": "./bert"}})
    placed = located(spec, bert.parent)
    assert placed.also[0].encoder == str(bert)  # type: ignore[union-attr]
    assert build(placed.also[0]).key == build(spec.also[0]).key
    before = encoders(spec, bert.parent)
    assert len(before) == 1 and before == encoders(placed, Path("/"))
