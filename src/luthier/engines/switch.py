"""Which adapter a model answers with, and how the model is left behind.

The engine switches adapters and evaluation mode as it needs; when it has nothing to do the model is exactly as it was
found (adapter, gradients wanted, training mode), so that an engine may look at a model in the middle of its training.
Adapters are those of peft, whose own model object is asked; peft itself is imported in ``models`` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True, slots=True)
class _Found:
    training: tuple[nn.Module, ...]
    wanting_gradients: tuple[nn.Parameter, ...]
    adapters: tuple[str, ...]
    disabled: bool


class AdapterSwitch:
    """Makes one adapter active at a time; None is the base."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._found: _Found | None = None
        self._now: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Adapters that the model holds."""
        return tuple(getattr(self._model, "peft_config", {}))

    def use(self, adapter: str | None) -> None:
        """Answer with this adapter from now on. The first call after :meth:`rest` remembers how the model was."""
        first = self._found is None
        if first:
            self._found = self._look()
            self._model.eval()
        if not self.names or (not first and adapter == self._now):
            return
        tuner = self._model.base_model
        if adapter is None:
            tuner.disable_adapter_layers()
        else:
            tuner.enable_adapter_layers()
            self._model.set_adapter(adapter, inference_mode=True)
        self._now = adapter

    def rest(self) -> None:
        """Leave the model as it was found."""
        found, self._found = self._found, None
        if found is None:
            return
        if self.names:
            tuner = self._model.base_model
            tuner.enable_adapter_layers()
            if found.adapters:
                tuner.set_adapter(list(found.adapters))
            if found.disabled:
                tuner.disable_adapter_layers()
            wanted = set(map(id, found.wanting_gradients))
            for parameter in self._model.parameters():
                parameter.requires_grad_(id(parameter) in wanted)
        for module in found.training:
            module.training = True

    def _look(self) -> _Found:
        model = self._model
        adapters: tuple[str, ...] = ()
        disabled = False
        if self.names:
            adapters = tuple(model.active_adapters)
            disabled = any(getattr(m, "disable_adapters", False) is True for m in model.modules())
        return _Found(
            training=tuple(m for m in model.modules() if m.training),
            wanting_gradients=tuple(p for p in model.parameters() if p.requires_grad),
            adapters=adapters,
            disabled=disabled,
        )
