"""What all pages of Luthier have in common: one HTML file that loads nothing, sections with a menu.

Not here: what stands in a page.
"""

from __future__ import annotations

from collections.abc import Sequence

from luthier.report.figures import asset, esc


def document(title: str, styles: str, body: str, *, made: str = "", script: str = "") -> str:
    """A whole page as text; write it as UTF-8.

    Args:
        title: of the window.
        styles: CSS beside that of all pages.
        body: HTML, menu included.
        made: what the page is, in its last line.
        script: JavaScript at its end.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{esc(title)}</title><style>{asset('page.css')}{styles}</style></head><body>{body}"
        f"<footer>{esc(made) + ' · ' if made else ''}made by Luthier · this file is complete: it loads nothing</footer>"
        f"{f'<script>{script}</script>' if script else ''}</body></html>\n"
    )


def sections(parts: Sequence[tuple[str, str, str]], *, first: str = "") -> tuple[str, str]:
    """The menu and the HTML of (key, title, body) where there is a body; ``first`` is a key that leads the menu."""
    shown = [(key, title, body) for key, title, body in parts if body]
    keys = [*([first] if first else []), *(key for key, _, _ in shown)]
    menu = "".join(f'<a href="#{key}">{key}</a>' for key in keys)
    html = "".join(f'<section id="{key}"><h2>{esc(title)}</h2>{body}</section>' for key, title, body in shown)
    return f"<nav>{menu}</nav>", html
