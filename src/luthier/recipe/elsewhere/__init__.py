"""Configurations of other trainers as recipes: LLaMA-Factory, axolotl, TRL.

A configuration is recognised by its keys. Each of its values is carried over, or named with the reason why not; where a
key is left out, the tool's own default is written down, so that the recipe asks for what the tool would have done.
Nothing is trained, downloaded or asked of the tools; the only files that are read are the configuration and, for
LLaMA-Factory, the ``dataset_info.json`` that it points at.
"""

from luthier.recipe.elsewhere.bring import Imported, bring
from luthier.recipe.elsewhere.sheet import Carried, Left

__all__ = ["Carried", "Imported", "Left", "bring"]
