"""Which texts are alike: near-duplicates, and runs of words that evaluation items share with training rows.

Near-duplicate means: the Jaccard similarity of the word shingles (``text.shingles``) is at least a threshold. No pair
is missed and none is guessed: every reported similarity is the exact fraction. Contamination is looked for as shared
runs of words (``contamination``) and judged by named rules (``profiles``).
"""

from luthier.similar.contamination import Part, Scan
from luthier.similar.evidence import Evidence, Found, Side, Span
from luthier.similar.items import Index, Item, index
from luthier.similar.join import Groups, Match, against, best, groups
from luthier.similar.nearest import Nearest, across, nearest
from luthier.similar.profiles import PROFILES, Judged, Profile

__all__ = [
    "PROFILES",
    "Evidence",
    "Found",
    "Groups",
    "Index",
    "Item",
    "Judged",
    "Match",
    "Nearest",
    "Part",
    "Profile",
    "Scan",
    "Side",
    "Span",
    "across",
    "against",
    "best",
    "groups",
    "index",
    "nearest",
]
