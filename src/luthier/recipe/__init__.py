"""The language of the recipe: strict, frozen, every key documented in place. Pydantic and YAML only, no torch."""

from luthier.recipe.augment import AugmentSpec, EvolveSpec, LabelSpec, Operator, RemoteSpec, SelfInstructSpec
from luthier.recipe.chain import ChainSpec, LoadedChain, Stage, StageSpec, load_chain
from luthier.recipe.data import DataSpec, DedupeSpec, MapSpec, ReplaySpec, SplitSpec, ThreadSpec
from luthier.recipe.evaluate import (
    AnyMetric,
    EvaluateSpec,
    ExactMetric,
    JsonFieldMetric,
    JsonFieldsMetric,
    LabelMetric,
    MetricSpec,
    PreferenceMetric,
    RegressionSpec,
    RougeLMetric,
)
from luthier.recipe.load import LoadedRecipe, load_recipe, make_recipe
from luthier.recipe.recipe import ExportSpec, ModelSpec, PrivacySpec, Recipe
from luthier.recipe.search import RangeSpec, SearchSpec
from luthier.recipe.track import (
    AnyTracker,
    MlflowTracker,
    OwnTracker,
    TensorboardTracker,
    TrackerSpec,
    TrackioTracker,
    WandbTracker,
)
from luthier.recipe.train import (
    COMPARES,
    REWARDED,
    FullTuning,
    LoraTuning,
    QloraTuning,
    SftMethod,
    TrainSpec,
    Tuning,
)

__all__ = [
    "COMPARES", "REWARDED", "AnyMetric", "AnyTracker", "AugmentSpec", "ChainSpec", "DataSpec", "DedupeSpec",
    "EvaluateSpec", "EvolveSpec", "ExactMetric", "ExportSpec", "FullTuning", "JsonFieldMetric", "JsonFieldsMetric",
    "LabelMetric", "LabelSpec", "LoadedChain", "LoadedRecipe", "LoraTuning", "MapSpec", "MetricSpec", "MlflowTracker",
    "ModelSpec", "Operator", "OwnTracker", "PreferenceMetric", "PrivacySpec", "QloraTuning", "RangeSpec", "Recipe",
    "RegressionSpec", "RemoteSpec", "ReplaySpec", "RougeLMetric", "SearchSpec", "SelfInstructSpec", "SftMethod",
    "SplitSpec", "Stage", "StageSpec", "TensorboardTracker", "ThreadSpec", "TrackerSpec", "TrackioTracker",
    "TrainSpec", "Tuning", "WandbTracker", "load_chain", "load_recipe", "make_recipe",
]  # fmt: skip
