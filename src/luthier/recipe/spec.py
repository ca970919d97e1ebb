"""The base of every recipe model: frozen, strict, each key documented in place.

A union member names itself by ``kind`` and the function that carries it out by ``runs`` ("module:function"); it is
registered under its family when the class is made, so adding a method is one Spec and one function.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from luthier import registry


class Spec(BaseModel):
    """A part of a recipe. Unknown keys are refused; values cannot change after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, protected_namespaces=(), allow_inf_nan=False
    )


class Choice(Spec):
    """One alternative of a family (a tuning, a method, a metric). ``kind`` is a Literal on every subclass."""

    family: ClassVar[str] = ""
    runs: ClassVar[str] = ""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        field = cls.model_fields.get("kind")
        if cls.family and field is not None and isinstance(field.default, str):
            summary = (cls.__doc__ or "").strip().splitlines()[0] if cls.__doc__ else ""
            registry.register(cls.family, field.default, cls.runs, summary=summary, spec=cls)


def _by_name(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


ByName = BeforeValidator(_by_name)
"""Lets a choice be written as its bare name: ``tuning: lora`` means ``tuning: {kind: lora}``."""


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) or value is None else [value]


OneOrMany = BeforeValidator(_as_list)
"""Lets a list of one be written as the thing itself."""


def _percent(value: Any) -> Any:
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip()[:-1]) / 100.0
        except ValueError:
            return value
    return value


Share = Annotated[float, BeforeValidator(_percent)]
"""A fraction, written 0.1 or 10%."""
