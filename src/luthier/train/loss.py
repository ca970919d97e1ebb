"""Token loss of a causal language model, computed only where a token is trained.

The decoder runs over the whole batch; the hidden states of positions that predict a trained token are picked with
``index_select`` (its gradient is deterministic, that of a boolean mask is not), and only they meet the vocabulary,
in chunks, with cross-entropy in at least fp32. Losses are *sums*; the caller divides by the tokens of its window.

What a family does to its logits after the head (Gemma's soft cap, Granite's and Cohere's scale) is done here too, and
:meth:`TokenLoss.check` compares the short way with the model's own logits before training; a family where they differ
goes the plain way: all logits, then the pick. Auxiliary losses of mixture models are not added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from luthier.models.prefix import prefix_cache
from luthier.models.products import multiplying
from luthier.train.anchor import Anchor, base_alone, kl
from luthier.train.batches import Batch, Tree
from luthier.train.head import FrozenHead, is_plain
from luthier.train.plan import logit_bytes

SMALLEST_CHUNK = 64
Beside = Callable[[Tensor], Tensor]
"""What reads states (n, d) beside the head over words: (n,)."""


class TokenLoss:
    """Loss and gradients of one model.

    Args:
        model: a transformers causal LM, or a peft model around one.
        autocast: run forward in bf16: on a CPU the products of linear layers (``models.products``), else where PyTorch
            deems it safe; weights stay as they are.
        chunk: trained positions that meet the vocabulary at once; left out, as many as ``plan.logit_bytes`` holds.
        device: kind of the device that the model stands for, where it is traced on another; left out, its own.
    """

    def __init__(
        self, model: Any, *, autocast: bool = False, chunk: int | None = None, device: str | None = None
    ) -> None:
        causal: Any = model.get_base_model() if hasattr(model, "get_base_model") else model
        self.model = model
        self.decoder: Any = causal.get_decoder()
        self.head: Any = self._head_of(causal)
        self.autocast = autocast
        self.chunk = chunk or _chunk(causal)
        self.short = self.head is not None and self.decoder is not causal
        self.head_learns = self.short and any(p.requires_grad for p in self.head.parameters())
        config = _text_config(causal)
        self.scale = _scale(config)
        self.cap: float | None = getattr(config, "final_logit_softcapping", None)
        self.device = device or next(causal.parameters()).device.type
        self.kept = FrozenHead(self.head)

    def _head_of(self, causal: Any) -> Any:
        """What reads the decoder's states; None: it cannot be had apart."""
        return causal.get_output_embeddings()

    def total(self, batch: Batch) -> Tensor:
        """Weighted sum of the token losses, differentiable. Shape ()."""
        picked = self._picked(batch.inputs, batch.index, batch.prefix)
        loss = self._loss if torch.is_grad_enabled() or not self._plain else self.kept.total
        return torch.stack([loss(*part) for part in self._chunks(picked, batch)]).sum()

    def backward(self, batch: Batch, denominator: float, anchor: Anchor | None = None) -> Tensor:
        """Add the gradients of ``total / denominator`` (and of the anchor's term) to the parameters.

        Gives the total, detached. Each chunk goes back to its hidden states at once, so that only one chunk of logits
        is ever held; then the decoder's backward runs once over all of them.
        """
        held = batch.anchored if anchor is not None else None
        trained = len(batch.targets)
        index = batch.index if held is None else torch.cat([batch.index, held.index])
        picked = self._picked(batch.inputs, index, batch.prefix)
        leaf = picked.detach().requires_grad_()
        losses: list[Tensor] = []
        gradients: list[Tensor] = []
        plain = self._plain
        for part in self._chunks(leaf[:trained], batch):
            if plain:
                loss, gradient = self.kept.backward(part[0].detach(), part[1], part[2], denominator)
                losses.append(loss)
                gradients.append(gradient)
                continue
            states = part[0].detach().requires_grad_()
            loss = self._loss(states, *part[1:])
            (loss / denominator).backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
            assert states.grad is not None
            gradients.append(states.grad)
        if anchor is not None and held is not None:
            with base_alone(anchor.model):
                base = self._picked(batch.inputs.index_select(0, held.rows), held.inner)
            parts = (torch.split(part, self.chunk) for part in (leaf[trained:], base, held.answers))
            for tuned, known, answers in zip(*parts, strict=True):
                if plain:
                    share = anchor.shares(answers, known.dtype)
                    nats, gradient = self.kept.divergence(tuned.detach(), known, share)
                    anchor.add(nats, share)
                    gradients.append(gradient)
                    continue
                states = tuned.detach().requires_grad_()
                with base_alone(anchor.model) if self.head_learns else torch.no_grad():
                    known = self._logits(known)
                share = anchor.shares(answers, known.dtype)
                anchor.add(kl(self._logits(states), known), share).backward()  # type: ignore[no-untyped-call]
                assert states.grad is not None
                gradients.append(states.grad)
        if picked.requires_grad:
            picked.backward(torch.cat(gradients))  # type: ignore[no-untyped-call]
        return torch.stack(losses).sum()

    def log_probs(self, batch: Batch) -> Tensor:
        """Log-probability of each answer of a batch, summed over its tokens, without gradients. Shape (answers,)."""
        return by_answer(self.token_log_probs(batch), batch)

    def token_log_probs(self, batch: Batch) -> Tensor:
        """Log-probability of each target of a batch, without gradients. Shape (n,)."""
        return self.read(batch)[0]

    def read(self, batch: Batch, beside: Beside | None = None) -> tuple[Tensor, ...]:
        """The same, and what a head ``beside`` the words says of the same states, (n,), where there is one."""
        with torch.no_grad():
            states = self._states(batch)
            said = torch.cat([self._said(*part[:2]) for part in self._chunks(states, batch)])
            return (said,) if beside is None else (said, beside(states))

    def states(self, batch: Batch, index: Tensor | None = None) -> Tensor:
        """What the head reads at the trained positions, or at flattened ones, (n, d), without gradients."""
        with torch.no_grad():
            return self._states(batch, index)

    def logits(self, states: Tensor) -> Tensor:
        """(n, V) of some :meth:`states`, in at least fp32, without gradients."""
        with torch.no_grad():
            return self._logits(states)

    def backward_through(self, batch: Batch, judge: Callable[[Tensor], Tensor]) -> Tensor:
        """Add the gradients of ``judge(log-probabilities of the answers)``, a sum, to the parameters; its value."""
        return self.backward_through_tokens(batch, lambda said: judge(by_answer(said, batch)))

    def backward_through_tokens(
        self, batch: Batch, judge: Callable[..., Tensor], beside: Beside | None = None
    ) -> Tensor:
        """The same where the judge sees the log-probability of each target, (n,); and, as its second argument, what a
        head ``beside`` the words says of the states that they are read from, (n,), which learns too.

        As in :meth:`backward` the decoder's backward runs once. Where the head is frozen, a token's gradient is a
        number (what it weighs) times one that does not hang on it: so each chunk of logits is made once.
        """
        picked = self._states(batch)
        frozen = not (self.short and self.head_learns)
        said: list[Tensor] = []
        slopes: list[Tensor] = []
        for states, targets, _ in self._chunks(picked.detach(), batch):
            with torch.set_grad_enabled(frozen):
                states = states.detach().requires_grad_(frozen)
                found = self._said(states, targets)
            if frozen:
                slopes += torch.autograd.grad(found.sum(), states)
            said.append(found.detach())
        tokens = torch.cat(said).requires_grad_()
        leaf = picked.detach().requires_grad_()
        more = () if beside is None else (beside(leaf),)
        known = tuple(m.detach().requires_grad_() for m in more)
        value = judge(tokens, *known)
        weigh, *shares = torch.autograd.grad(value, (tokens, *known))
        for made, share in zip(more, shares, strict=True):
            made.backward(share)  # type: ignore[no-untyped-call]
        if not frozen:
            for (states, targets, _), share in zip(
                self._chunks(picked.detach(), batch), torch.split(weigh, self.chunk), strict=True
            ):
                states = states.detach().requires_grad_()
                (self._said(states, targets) * share).sum().backward()  # type: ignore[no-untyped-call]
                assert states.grad is not None
                slopes.append(states.grad)
            weigh = torch.ones_like(weigh)
        if picked.requires_grad:
            slope = torch.cat(slopes) * weigh[:, None].to(picked.dtype)
            picked.backward(slope if leaf.grad is None else slope + leaf.grad)  # type: ignore[no-untyped-call]
        return value.detach()

    def forks(self, forked: Batch, apart: Batch, *, tolerance: float) -> bool:
        """Whether two answers behind one reading of their prompt are read as each alone would be."""
        was_training = self.model.training
        self.model.eval()
        try:
            with torch.no_grad():
                ours, plain = self._states(forked), self._states(apart)
        except (TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError):
            return False  # no attention mask of one's own: state-space layers, some attention kernels
        finally:
            self.model.train(was_training)
        return float((ours - plain).abs().max()) <= tolerance * float(plain.abs().max())

    def check(self, batch: Batch, *, tolerance: float) -> float:
        """Compare the short way with the model's own logits; where they differ by more, the plain way is taken.

        Gives the largest difference relative to the largest logit.
        """
        if not self.short:
            return 0.0
        was_training = self.model.training
        self.model.eval()
        with torch.no_grad():
            states = self._picked(batch.inputs, batch.index)
            ours = torch.cat([self._logits(s) for s in torch.split(states, self.chunk)])
            self.short = False
            plain = self._picked(batch.inputs, batch.index)
            self.short = True
        self.model.train(was_training)
        difference = float((ours - plain).abs().max() / plain.abs().max().clamp_min(1e-12))
        self.short = difference <= tolerance
        return difference

    def shares(self, batch: Batch, *, tolerance: float) -> bool:
        """Whether reading the prefix of this batch once gives what reading it in every row gives."""
        if batch.prefix is None:
            return True
        rows, width = batch.inputs.shape
        whole = torch.cat([batch.prefix.expand(rows, -1), batch.inputs], dim=1)
        at = torch.arange(rows * width, device=batch.inputs.device)
        at_whole = at + (at // width + 1) * len(batch.prefix)
        was_training = self.model.training
        self.model.eval()
        try:
            with torch.no_grad():
                ours = self._picked(batch.inputs, at, batch.prefix)
                plain = self._picked(whole, at_whole)
        except (TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError):
            return False  # no keys and values to share: state-space layers, caches of other kinds
        finally:
            self.model.train(was_training)
        return float((ours - plain).abs().max()) <= tolerance * float(plain.abs().max())

    @property
    def _plain(self) -> bool:
        """Whether the head is computed in kept buffers: nothing comes behind it, and autograd has no part in it."""
        exact = self.device == "cpu" or not self.autocast
        bare = self.short and exact and self.scale == 1.0 and self.cap is None
        return bare and is_plain(self.head, self.device)

    @contextmanager
    def _context(self) -> Iterator[None]:
        with multiplying(self.autocast, self.device):
            yield

    def _states(self, batch: Batch, index: Tensor | None = None) -> Tensor:
        return self._picked(batch.inputs, batch.index if index is None else index, batch.prefix, batch.tree)

    def _said(self, states: Tensor, targets: Tensor) -> Tensor:
        """Log-probability of each target. Shape (n,)."""
        return -functional.cross_entropy(self._logits(states), targets, reduction="none")

    def _picked(
        self, inputs: Tensor, index: Tensor, prefix: Tensor | None = None, tree: Tree | None = None
    ) -> Tensor:
        """(n, d) hidden states at the flattened positions ``index``; on the plain way (n, V) logits."""
        model = self.decoder if self.short else self.model
        with self._context():
            if tree is not None:
                sees = self._mask(tree.sees)
                out = model(input_ids=inputs, attention_mask=sees, position_ids=tree.places, use_cache=False)
            elif prefix is None:
                out = model(input_ids=inputs, use_cache=False)
            else:
                read = self.decoder(input_ids=prefix[None], use_cache=True).past_key_values
                past = prefix_cache(read, len(inputs))
                out = model(input_ids=inputs, past_key_values=past, use_cache=True)
        states: Tensor = out.last_hidden_state if self.short else out.logits
        return states.reshape(-1, states.shape[-1]).index_select(0, index)

    def _mask(self, sees: Tensor) -> Tensor:
        """What may be seen, as this model's attention wants it: marks, or numbers to add to its scores."""
        if getattr(self.decoder.config, "_attn_implementation", None) == "sdpa":
            return sees
        dtype = next(self.decoder.parameters()).dtype
        return torch.zeros(sees.shape, dtype=dtype, device=sees.device).masked_fill_(~sees, torch.finfo(dtype).min)

    def _chunks(self, picked: Tensor, batch: Batch) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
        weights = torch.split(batch.weights, self.chunk) if batch.weights is not None else None
        for i, (states, targets) in enumerate(
            zip(torch.split(picked, self.chunk), torch.split(batch.targets, self.chunk), strict=True)
        ):
            yield states, targets, None if weights is None else weights[i]

    def _loss(self, states: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
        logits = self._logits(states)
        if weights is None:
            return functional.cross_entropy(logits, targets, reduction="sum")
        losses = functional.cross_entropy(logits, targets, reduction="none")
        return (losses * weights.to(losses.dtype)).sum()

    def _logits(self, states: Tensor) -> Tensor:
        """(n, V) in at least fp32."""
        logits = states
        if self.short:
            with nullcontext() if self.device == "cpu" else self._context():
                logits = self.head(states)
            if self.scale != 1.0:
                logits = logits * self.scale
            if self.cap is not None:
                logits = torch.tanh(logits / self.cap) * self.cap
        return logits.to(torch.promote_types(logits.dtype, torch.float32))


def by_answer(said: Tensor, batch: Batch) -> Tensor:
    """Sums over the tokens of each answer, the last answer being the highest number."""
    assert batch.answer is not None
    count = int(batch.answer[-1]) + 1
    return said.new_zeros(count).index_add(0, batch.answer, said)


def _text_config(causal: Any) -> Any:
    return causal.config.get_text_config() if hasattr(causal.config, "get_text_config") else causal.config


def _chunk(causal: Any) -> int:
    device = next(causal.parameters()).device.type
    return max(SMALLEST_CHUNK, logit_bytes(device) // (4 * int(_text_config(causal).vocab_size)))


def _scale(config: Any) -> float:
    """Factor on the logits: Granite divides by ``logits_scaling``, Cohere multiplies by ``logit_scale``."""
    if getattr(config, "logits_scaling", None) is not None:
        return 1.0 / float(config.logits_scaling)
    return float(getattr(config, "logit_scale", None) or 1.0)
