"""Cards by name: figures that hang together, and a typo that is named."""

from __future__ import annotations

import pytest

from luthier.errors import UsageError
from luthier.train.devices import CARDS, card, cheaper_first


@pytest.mark.parametrize("name", ["rtx4090", "RTX 4090", "a100-80", "A100_80", "h100", "h200"])
def test_a_card_is_found_as_people_write_it(name: str) -> None:
    assert card(name).memory in (24, 80, 139)


def test_an_unknown_card_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="no device called") as caught:
        card("rtx4091")
    assert "rtx4090" in caught.value.fix and "h200" in caught.value.why


def test_what_is_planned_with_is_less_than_the_card_has() -> None:
    for found in CARDS.values():
        assert 0 < found.room < found.memory << 30
        assert found.rate < found.tflops * 1e12
    ranks = [found.rank for found in cheaper_first()]
    assert ranks == sorted(ranks)
