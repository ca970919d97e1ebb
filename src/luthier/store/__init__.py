"""The only door to disk and database: artifacts, runs, lineage, locks, erasure.

A result is an immutable folder named by its content, with parents; a write is whole or absent; what was promised erased
is erased and the rest can still be verified. The catalogue is an index that can be rebuilt from the files.
"""

from luthier.store.artifact import Artifact
from luthier.store.checkup import Finding
from luthier.store.draft import Draft
from luthier.store.erasure import Erased, marked
from luthier.store.lineage import Lineage
from luthier.store.rowfile import is_erased
from luthier.store.run import Run
from luthier.store.space import Freed
from luthier.store.store import Store

__all__ = ["Artifact", "Draft", "Erased", "Finding", "Freed", "Lineage", "Run", "Store", "is_erased", "marked"]
