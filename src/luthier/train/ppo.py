"""PPO: a critic says of every token how well the answer will end, and tokens are credited by how much better it went.

What was decided, and whose practice it is:

- *The critic is a linear head on the final states of the policy's own trunk*, adapter on, and its loss goes through the
  trunk with a small weight (Ziegler et al. 2019; TRL's ``AutoModelForCausalLMWithValueHead``). A value function of its
  own (Stiennon et al. 2020, Ouyang et al. 2022, Huang et al. 2024) would be a second adapter, read and trained beside
  the first: twice the time of a step, for a CPU the dearest part. The weight, ``value_weight`` 0.1, is that of OpenAI's
  lm-human-preferences, whose trunk is shared too (TRL's is alike, but there it weighs a network of its own).
- *The head begins at zero* (Ziegler et al. 2019): what it says first is 0 everywhere, and nothing of its error reaches
  the trunk before it has begun to learn.
- *A token is paid −kl · (log p − log p of the reference)*, *the last one the answer's reward too* (Ziegler et al. 2019,
  Ouyang et al. 2022): the token that ended the answer, or the last that the limit allowed; an answer cut off is worth
  what its reward says. TRL's PPOTrainer (``trl.experimental.ppo``, gone from trl 1.16) pays one position behind the end
  where an answer is shorter than the longest of its batch; ours does not hang on an answer's company.
- *GAE with γ = 1, λ = 0.95* and *several steps on the same answers* (``iterations`` 4), *ratio and value clipped at
  0.2* (Stiennon et al. 2020, Huang et al. 2024, TRL's defaults). Advantages are whitened, mean and variance, over the
  tokens of the round (Huang et al. 2024); rewards are not, as in TRL's default.
- *The loss is a mean over tokens*: of the whole step, not of each micro-batch.

The head is a module of the model while it trains, by the name ``value_head``: optimiser, clipping, checkpoints, the
best weights and resuming know it as any trained tensor. It is taken off at the end and is never delivered. What the
critic said at the roll-out is kept with the answers, as a killed run cannot ask it again.

Not here: the formulas (``policy``), roll-outs, rewards and steps (``rl``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from luthier.errors import LuthierError
from luthier.recipe.train import PpoMethod
from luthier.train import policy
from luthier.train.batches import Row
from luthier.train.credit import Facts, Scored, Told, clips
from luthier.train.loss import TokenLoss

NAME = "value_head"


class ValueHead(nn.Module):
    """States (n, width) to values (n,), in at least fp32, autocast or not. It begins at zero."""

    def __init__(self, width: int, *, device: Any, dtype: torch.dtype) -> None:
        super().__init__()
        held = torch.promote_types(dtype, torch.float32)
        self.weight = nn.Parameter(torch.zeros(1, width, device=device, dtype=held))
        self.bias = nn.Parameter(torch.zeros(1, device=device, dtype=held))

    def forward(self, states: Tensor) -> Tensor:
        return nn.functional.linear(states.to(self.weight.dtype), self.weight, self.bias).squeeze(-1)


@contextmanager
def value_head(model: Any) -> Iterator[ValueHead]:
    """A head on the model for the time of a training; afterwards the model is as it was given, but for its weights."""
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    first = next(causal.get_decoder().parameters())
    dtype = first.dtype if first.is_floating_point() else torch.float32
    head = ValueHead(int(causal.config.get_text_config().hidden_size), device=first.device, dtype=dtype)
    model.add_module(NAME, head)
    try:
        yield head
    finally:
        delattr(model, NAME)


def refuse_without_states(loss: TokenLoss) -> None:
    """Raises LuthierError where the states that words are read from cannot be had: a head has nothing to read."""
    if not loss.short:
        base = loss.model.get_base_model() if hasattr(loss.model, "get_base_model") else loss.model
        raise LuthierError(
            f"the states of a {type(base).__name__} cannot be read", where="train.method: ppo",
            why="its words are not read from its decoder's last states alone, where the value head would stand",
            fix="train.method: grpo or rloo, which need no value head",
        )  # fmt: skip


class ActorCritic:
    """``credit.Credit`` by a critic.

    Args:
        method: of the recipe.
        head: on the model, see :func:`value_head`.
    """

    numbers = ("clipped", "value_loss", "value_clipped")

    def __init__(self, method: PpoMethod, head: ValueHead) -> None:
        self.method, self.critic = method, head

    def facts(self, scored: Scored) -> tuple[list[Facts], Mapping[str, float]]:
        """Whitened advantages, and what the critic is to learn; an answer that nobody could score takes no part."""
        gamma, gae_lambda = self.method.gamma, self.method.gae_lambda
        found: list[tuple[np.ndarray, np.ndarray] | None] = []
        each = zip(scored.rewards_PG.ravel(), scored.drawn, scored.reference, scored.values, strict=True)
        for score, drawn, reference, values in each:
            if np.isnan(score):
                found.append(None)
                continue
            paid = policy.token_rewards(float(score), np.array(drawn), np.array(reference), kl=scored.kl_weight)
            known = np.array(values)
            found.append((policy.gae(paid, known, gamma=gamma, gae_lambda=gae_lambda), known))
        advantages = np.concatenate([f[0] for f in found if f is not None])
        said = np.concatenate([f[1] for f in found if f is not None])
        whitened = policy.whitened(advantages)
        made, at = [], 0
        for one, drawn, reference, values in zip(found, scored.drawn, scored.reference, scored.values, strict=True):
            if one is None:
                made.append(Facts([0.0] * len(drawn), list(drawn), list(reference), list(values)))
                continue
            own = whitened[at : at + len(drawn)].tolist()
            made.append(Facts(own, list(drawn), list(reference), list(values), (one[0] + one[1]).tolist()))
            at += len(drawn)
        return made, {"value": float(said.mean()), "explained": policy.explained_variance(said, said + advantages)}

    def weight(self, rows: Sequence[Row]) -> float:
        return sum(len(r.targets) for r in rows)

    def losses(self, told: Told, facts: Sequence[Facts]) -> tuple[Tensor, Sequence[Tensor]]:
        assert told.values is not None
        said, values = told.said, told.values
        advantages = said.new_tensor([a for f in facts for a in f.advantages])
        before = values.new_tensor([v for f in facts for v in f.values])
        returns = values.new_tensor([r for f in facts for r in f.returns or f.values])
        scored = values.new_tensor([float(bool(f.returns)) for f in facts for _ in f.values])
        actor, cut = policy.surrogate(said, told.drawn, advantages, **clips(self.method))
        critic, kept = policy.value_loss(values, before, returns, clip=self.method.clip_value)
        critic = critic * scored
        losses = actor + self.method.value_weight * critic
        return losses, [cut.sum(), critic.detach().sum(), (kept * scored).sum()]
