"""Numbers and text as people read them, and the one place where text becomes HTML."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from importlib import resources

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
NONE = "not scored"


def esc(text: object) -> str:
    """Text as HTML: markup is shown, never obeyed; characters that no page may hold become ``�``."""
    return html.escape(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(text)), quote=True)


def asset(name: str) -> str:
    """A style sheet or script that lies beside this module."""
    return resources.files("luthier.report").joinpath(name).read_text(encoding="utf-8")


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def value(number: float | None, unit: str) -> str:
    """A figure in its unit: ``88.7%``, ``1.412``, ``3.8 words``, ``not scored``."""
    if number is None or math.isnan(number):
        return NONE
    if unit == "%":
        return f"{number:.1f}%".replace("-", "−")
    if unit == "words":
        return f"{number:,.1f} words"
    return f"{number:.3f}".replace("-", "−")


def delta_unit(unit: str) -> str:
    """The unit of a difference: points for a share, percent for bits per byte."""
    return {"%": "points", "bits/byte": "%"}.get(unit, unit)


def signed(number: float | None, digits: int = 1) -> str:
    """A difference: ``+27.4``, ``−0.4``, ``0.0``."""
    if number is None or math.isnan(number):
        return NONE
    text = f"{number:+.{digits}f}"
    return f"{0:.{digits}f}" if float(text) == 0 else text.replace("-", "−")


def digits_for(numbers: Sequence[float]) -> int:
    """Decimals that keep small differences apart: two below one, else one."""
    finite = [abs(n) for n in numbers if math.isfinite(n)]
    return 2 if finite and max(finite) < 1 else 1


def interval(low: float, high: float, digits: int = 1) -> str:
    """``[+19.6, +35.1]``."""
    return f"[{signed(low, digits)}, {signed(high, digits)}]"


def duration(seconds: float) -> str:
    """``0.4 s``, ``41 s``, ``3 min 12 s``, ``2 h 05 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers that cover low..high, about ``wanted`` of them."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else [0.0]
    rough = (high - low) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def tick_label(number: float) -> str:
    """A tick in as few characters as it needs."""
    if number and (abs(number) >= 10_000 or abs(number) < 0.001):
        if abs(number) >= 1:
            return f"{number:,.0f}".replace("-", "−")
        mantissa, _, exponent = f"{number:.1e}".partition("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}".replace("-", "−")
    return f"{number:,.4g}".replace("-", "−")
