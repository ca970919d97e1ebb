"""Token ids to text while they are still coming: pieces that never have to be taken back, and stop strings.

A piece is held back while it might still change (an unfinished character, or the beginning of a stop string). Pieces
joined equal the decoded whole up to the stop string. It knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_UNFINISHED = "\ufffd"


class TextStream:
    """Feed ids one at a time with :meth:`add`; close with :meth:`finish`.

    Args:
        decode: ids to text, the function that also decodes whole answers.
        stop: strings at whose first appearance the text ends.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str], stop: Sequence[str] = ()) -> None:
        self._decode = decode
        self._stop = tuple(stop)
        self._ids: list[int] = []
        self._prefix = 0  # ids from here on give the context that decoders need for spaces
        self._read = 0  # ids before this one are in _text
        self._text = ""
        self._sent = 0
        self.stopped = False

    def add(self, token: int) -> str:
        """The text that is certain now and was not handed out before. Sets ``stopped`` at a stop string."""
        self._ids.append(token)
        before = self._decode(self._ids[self._prefix : self._read])
        after = self._decode(self._ids[self._prefix :])
        if len(after) > len(before) and not after.endswith(_UNFINISHED):
            self._text += after[len(before) :]
            self._prefix, self._read = self._read, len(self._ids)
        return self._hand_out(self._certain())

    def finish(self) -> tuple[str, str]:
        """(the last piece, the whole text)."""
        if not self.stopped:
            whole = self._decode(self._ids)
            # decoders that look across tokens could disagree with the pieces; what was sent cannot be unsent
            if whole.startswith(self._text[: self._sent]):
                self._text = whole
            self._cut()
        return self._hand_out(len(self._text)), self._text

    def _certain(self) -> int:
        if self._cut():
            return len(self._text)
        held = 0
        for stop in self._stop:
            for size in range(min(len(stop) - 1, len(self._text)), held, -1):
                if self._text.endswith(stop[:size]):
                    held = size
                    break
        return len(self._text) - held

    def _cut(self) -> bool:
        found = [at for stop in self._stop if (at := self._text.find(stop, max(0, self._sent - len(stop)))) >= 0]
        if found:
            self._text = self._text[: min(found)]
            self.stopped = True
        return bool(found)

    def _hand_out(self, until: int) -> str:
        piece = self._text[self._sent : until]
        self._sent = max(self._sent, until)
        return piece


def cut_at_stop(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop string, and whether one was found."""
    found = [at for s in stop if (at := text.find(s)) >= 0]
    return (text[: min(found)], True) if found else (text, False)
