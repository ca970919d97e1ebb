"""Clusters of texts: topics that were put in come out, with names from their own words."""

from __future__ import annotations

import random

import numpy as np
import pytest

from luthier.similar.clusters import find_clusters

TOPICS = {
    "garden": ["tulip", "soil", "spade", "compost", "seedling", "hedge", "pruning", "greenhouse"],
    "kitchen": ["oven", "flour", "butter", "whisk", "dough", "simmer", "saucepan", "garlic"],
    "harbour": ["anchor", "mast", "sail", "rope", "tide", "captain", "deck", "rudder"],
}


def texts(each: int = 40) -> tuple[list[str], list[str]]:
    rng = random.Random(3)
    made = []
    for topic, words in TOPICS.items():
        made += [(topic, f"please tell me about the {' '.join(rng.sample(words, 4))}") for _ in range(each)]
    rng.shuffle(made)
    return [text for _, text in made], [topic for topic, _ in made]


def test_three_topics_are_found_and_named_by_their_words() -> None:
    said, topics = texts()
    found = find_clusters(said, count=3)
    assert [len(cluster.members) for cluster in found.clusters] == [40, 40, 40]
    for cluster in found.clusters:
        topic = {topics[place] for place in cluster.members}
        assert len(topic) == 1
        assert set(cluster.name.split(" · ")) <= set(TOPICS[topic.pop()])
    assert found.effective == pytest.approx(3.0)
    assert all(place in found.clusters[found.of[place]].members for place in range(len(said)))


def test_the_same_texts_give_the_same_clusters() -> None:
    said, _ = texts()
    assert find_clusters(said) == find_clusters(said)


def test_texts_without_a_telling_word_belong_to_none() -> None:
    said, _ = texts(10)
    found = find_clusters([*said, "what is this?", "", "!!!", "123"], count=3)
    assert found.of[-4:] == (-1, -1, -1, -1)


def test_vectors_of_a_model_are_used_where_they_are_given() -> None:
    said, _ = texts(20)

    def embed(wanted: list[str]) -> np.ndarray:  # groups by what the words do not say: odd and even
        return np.array([[1.0, 0.0] if said.index(text) % 2 else [0.0, 1.0] for text in wanted], dtype=np.float32)

    found = find_clusters(said, count=2, embed=embed)
    assert [{place % 2 for place in cluster.members} for cluster in found.clusters] in ([{0}, {1}], [{1}, {0}])


@pytest.mark.parametrize("said", [[], ["tulip"], ["tulip", "oven"], ["tulip"] * 30, [""] * 30, ["一 二 三 花"] * 5])
def test_few_or_equal_texts_do_no_harm(said: list[str]) -> None:
    found = find_clusters(said)
    assert len(found.of) == len(said)
    assert sum(len(cluster.members) for cluster in found.clusters) == sum(place >= 0 for place in found.of)
