"""Keys and passwords by the shapes that their issuers document.

Known: private keys in PEM, AWS, GitHub, GitLab, Slack, Stripe, OpenAI, Anthropic, Google, Hugging Face, npm, PyPI,
SendGrid, DigitalOcean and Telegram keys, JSON web tokens, passwords in URLs, and long mixed values that a name such as
``api_key =`` calls a secret. A secret of no known shape and without such a name is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SHORTEST = 16
"""Signs that stand together in any secret here, names and address of its host included."""
_HINTS = (
    "PRIVATE KEY", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "sk_", "rk_",
    "sk-", "AIza", "hf_", "npm_", "pypi-", "SG.", "dop_v1_", ":AA", "eyJ", "://", "hooks.slack.com",
)  # fmt: skip
"""Pieces of text without which no known shape is there: looking for them is many times faster than the expression."""
_SHAPES = re.compile(
    r"""
      -----BEGIN\ (?:[A-Z]+\ )*PRIVATE\ KEY-----
      (?:[\s\S]{0,8000}?-----END\ (?:[A-Z]+\ )*PRIVATE\ KEY-----|[\sA-Za-z0-9+/=]*)
    | \b(?:AKIA|ASIA)[A-Z2-7]{16}\b
    | \bgh[pousr]_[A-Za-z0-9]{36,255}\b
    | \bgithub_pat_\w{60,255}\b
    | \bglpat-[\w-]{20,64}
    | \bxox[abeoprs]-[A-Za-z0-9-]{16,}
    | (?<=hooks\.slack\.com/services/)T\w{6,}/B\w{6,}/\w{16,}
    | \b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}
    | \bsk-(?:(?:proj|svcacct|admin|ant-[a-z0-9]+)-[\w-]{24,}|[A-Za-z0-9]{32,})
    | \bAIza[\w-]{35}
    | \bhf_[A-Za-z0-9]{30,}
    | \bnpm_[A-Za-z0-9]{36}
    | \bpypi-[\w-]{50,}
    | \bSG\.[\w-]{16,}\.[\w-]{32,}
    | \bdop_v1_[0-9a-f]{64}
    | \b\d{8,10}:AA[\w-]{33}
    | \beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}
    | (?<=://)[\w.%+-]{0,64}:(?P<password>[^\s:/@]{4,128})(?=@[\w.-])
    """,
    re.VERBOSE,
)
_ASSIGNED = re.compile(r"""[:=]\s{0,3}["'`]?(?P<value>[A-Za-z0-9+/_.=-]{16,256})(?![\w(\[])""")
_NAME = re.compile(
    r"""(?:api[_-]?key|access[_-]?key|secret|token|passw(?:or)?d|pwd)\w{0,24}["'`]?\s{0,3}$""", re.IGNORECASE
)
_PLACEHOLDER = re.compile(r"your|example|placeholder|changeme|dummy|xxxx|\.\.\.|^[a-z_]+\.[a-z_.]+$", re.IGNORECASE)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each secret."""
    if any(hint in text for hint in _HINTS):
        for match in _SHAPES.finditer(text):
            part = "password" if match["password"] is not None else 0
            yield match.span(part)
    for match in _ASSIGNED.finditer(text):
        if _random(match["value"]) and _NAME.search(text[max(0, match.start() - 48) : match.start()]):
            yield match.span("value")


def _random(value: str) -> bool:
    """Letters and digits mixed, as keys are: not a name, a path or a placeholder."""
    digits = sum(map(str.isdigit, value))
    letters = sum(map(str.isalpha, value))
    return digits >= 2 and letters >= 2 and len(set(value)) >= 8 and not _PLACEHOLDER.search(value)
