"""Pure text: one rule for "the same text", word shingles, and finding personal data.

It reads strings and returns strings or spans. It knows nothing of rows, files or models.
"""

from luthier.text import personal
from luthier.text.normal import family_name, normalise, places, shingles, strict, words

__all__ = ["family_name", "normalise", "personal", "places", "shingles", "strict", "words"]
