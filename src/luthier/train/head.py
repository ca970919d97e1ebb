"""Losses and their gradients through a frozen output layer, in buffers that are kept from one chunk to the next.

Autograd makes three buffers of (n, V) for every chunk and gives them back; glibc before 2.38 seldom serves an aligned
request from the hole that an equal one left (``train.heap``), so the heap grew by these buffers although as much was
free. Here they are made once. The operations are those that autograd runs, in its order, so the bits are the same.

Only what is plain: an ``nn.Linear`` that nobody looks on at, frozen, in fp32 or more, on a CPU. Everything else stays
with autograd.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

BUFFERS = 3
"""Logits (later their targets' gradient), log-probabilities, gradient of the logits (or what the base says)."""
LEAST = -60.0
"""Log-probability under which a word counts as this. Products of what is far less are denormal, and take a CPU ten
times as long; no sum of probabilities is seen to change."""
_NONE, _SUM = 0, 2
_IGNORED = -100
aten = torch.ops.aten


def is_plain(head: Any, device: str) -> bool:
    """Whether this output layer is one that :class:`FrozenHead` computes."""
    if type(head) is not nn.Linear or device != "cpu" or "forward" in vars(head):
        return False
    frozen = not any(p.requires_grad for p in head.parameters())
    looked_on = bool(head._forward_hooks or head._forward_pre_hooks or head._backward_hooks)
    return frozen and not looked_on and head.weight.dtype in (torch.float32, torch.float64)


class FrozenHead:
    """Losses behind one frozen output layer.

    Args:
        head: as :func:`is_plain` says.
    """

    def __init__(self, head: nn.Linear) -> None:
        self.head = head
        self.room: Tensor | None = None
        """(3, n, V), the most that was needed so far."""

    def total(self, states: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
        """Weighted sum of the token losses of states (n, d), without gradients. Shape ()."""
        with torch.no_grad():
            _, logs, _ = self._logs(states)
            return self._loss(logs, targets, weights)[0]

    def backward(
        self, states: Tensor, targets: Tensor, weights: Tensor | None, denominator: float
    ) -> tuple[Tensor, Tensor]:
        """The weighted sum of the token losses, (), and the gradient (n, d) of it divided by ``denominator``."""
        with torch.no_grad():
            logits, logs, slopes = self._logs(states)
            loss, counted = self._loss(logs, targets, weights)
            share = torch.ones_like(loss) / denominator
            if weights is not None:
                share = share.expand(len(targets)) * weights.to(loss.dtype)
            how = _SUM if weights is None else _NONE
            aten.nll_loss_backward.grad_input(share, logs, targets, None, how, _IGNORED, counted, grad_input=logits)
            aten._log_softmax_backward_data.out(logits, logs, 1, logs.dtype, out=slopes)
            return loss, torch.mm(slopes, self.head.weight)

    def divergence(self, tuned: Tensor, base: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
        """KL(base ‖ tuned) of states (n, d) each, (n,), and the gradient (n, d) to the tuned ones of its sum weighed
        by ``share`` (n,). With p the probabilities: sum p_base·(log p_base − log p_tuned), (p_tuned − p_base)·share at
        the logits."""
        with torch.no_grad():
            logits, logs, known = self._buffers(len(tuned))
            self._read(base, logits, known)
            self._read(tuned, logits, logs)
            for values in (logs, known):
                values.clamp_(min=LEAST)
            torch.exp(known, out=logits)
            nats = known.sub_(logs).mul_(logits).sum(dim=-1)
            slopes = torch.exp(logs, out=logs).sub_(logits).mul_(share[:, None])
            return nats, torch.mm(slopes, self.head.weight)

    def _logs(self, states: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The buffers, log-probabilities (n, V) in the second one."""
        logits, logs, slopes = self._buffers(len(states))
        self._read(states, logits, logs)
        return logits, logs, slopes

    def _buffers(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Room for so many positions, (n, V) each."""
        weight = self.head.weight
        if self.room is None or self.room.shape[1] < count:
            self.room = None  # given back before a larger one is asked for
            self.room = weight.new_empty((BUFFERS, count, weight.shape[0]))
        logits, logs, others = (part[:count] for part in self.room)
        return logits, logs, others

    def _read(self, states: Tensor, logits: Tensor, logs: Tensor) -> None:
        """Write the logits of states (n, d) and their log-probabilities."""
        if self.head.bias is None:
            torch.mm(states, self.head.weight.t(), out=logits)
        else:
            torch.addmm(self.head.bias, states, self.head.weight.t(), out=logits)
        aten._log_softmax.out(logits, 1, False, out=logs)

    @staticmethod
    def _loss(logs: Tensor, targets: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor]:
        """(weighted sum, what PyTorch's backward wants to know of it)."""
        how = _SUM if weights is None else _NONE
        losses, counted = aten.nll_loss_forward(logs, targets, None, how, _IGNORED)
        return (losses if weights is None else (losses * weights.to(losses.dtype)).sum()), counted
