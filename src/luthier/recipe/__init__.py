"""The language of the recipe: strict, frozen, every key documented in place. Pydantic and YAML only, no torch."""

from luthier.recipe.data import DataSpec, DedupeSpec, MapSpec, ReplaySpec, SplitSpec, ThreadSpec
from luthier.recipe.evaluate import (
    AnyMetric,
    EvaluateSpec,
    ExactMetric,
    JsonFieldMetric,
    JsonFieldsMetric,
    LabelMetric,
    MetricSpec,
    RegressionSpec,
    RougeLMetric,
)
from luthier.recipe.load import LoadedRecipe, load_recipe, make_recipe
from luthier.recipe.recipe import ExportSpec, ModelSpec, PrivacySpec, Recipe
from luthier.recipe.train import FullTuning, LoraTuning, QloraTuning, SftMethod, TrainSpec, Tuning

__all__ = [
    "AnyMetric", "DataSpec", "DedupeSpec", "EvaluateSpec", "ExactMetric", "ExportSpec", "FullTuning",
    "JsonFieldMetric", "JsonFieldsMetric", "LabelMetric", "LoadedRecipe", "LoraTuning", "MapSpec", "MetricSpec",
    "ModelSpec", "PrivacySpec", "QloraTuning", "Recipe", "RegressionSpec", "ReplaySpec", "RougeLMetric", "SftMethod",
    "SplitSpec", "ThreadSpec", "TrainSpec", "Tuning", "load_recipe", "make_recipe",
]  # fmt: skip
