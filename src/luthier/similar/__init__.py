"""Which texts are near-duplicates: exact, complete, and with the number to show for each pair.

Near-duplicate means: the Jaccard similarity of the word shingles (``text.shingles``) is at least a threshold. No pair
is missed and none is guessed: every reported similarity is the exact fraction.
"""

from luthier.similar.join import Groups, Match, against, best, groups
from luthier.similar.nearest import Nearest, across, nearest

__all__ = ["Groups", "Match", "Nearest", "across", "against", "best", "groups", "nearest"]
