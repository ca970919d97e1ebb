"""Where the numbers of a run are shown besides its own report: trackers, each a sink of the run's events."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from luthier.recipe.spec import ByName, Choice, OneOrMany


class TrackerSpec(Choice):
    """A program that shows runs. It is told in a process of its own; it never slows or breaks the training."""

    family: ClassVar[str] = "tracker"
    needs: ClassVar[tuple[str, ...]] = ()
    """Modules that must be there; the extra has the tracker's name."""

    kind: str
    """The tracker's name."""
    rows: bool = False
    """Send also what shows text of rows: the report with its answers. Without it a tracker gets numbers, the recipe,
    hashes, the verdict, and the report without its rows."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Machines that it sends to; empty where everything stays in a folder."""
        return ()


def _server(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a server is written http://host:port or https://host")
    if parts.username or parts.password:
        raise ValueError("a recipe holds no password; trackers read theirs from the environment")
    return value


Server = Annotated[str, Field(max_length=400), AfterValidator(_server)]


class TensorboardTracker(TrackerSpec):
    """TensorBoard event files in a folder; ``tensorboard --logdir FOLDER`` shows them."""

    runs: ClassVar[str] = "luthier.track.tensorboard:open_sink"
    needs: ClassVar[tuple[str, ...]] = ("tensorboard",)
    kind: Literal["tensorboard"] = "tensorboard"
    """tensorboard"""
    folder: str | None = None
    """Where the event files go, a folder for each run; left out, ``track/tensorboard`` beside ``runs``."""


class MlflowTracker(TrackerSpec):
    """MLflow: parameters, metrics, tags and files of each run, in a local database or on a server."""

    runs: ClassVar[str] = "luthier.track.mlflow:open_sink"
    needs: ClassVar[tuple[str, ...]] = ("mlflow", "alembic")
    kind: Literal["mlflow"] = "mlflow"
    """mlflow"""
    server: Server | None = None
    """A tracking server, ``http://host:5000``; its host must be in ``privacy.egress`` if it is another machine. Left
    out, a database in ``folder``. User and password come from MLFLOW_TRACKING_USERNAME and _PASSWORD."""
    folder: str | None = None
    """Without a server: where ``mlflow.db`` and the files go; left out, ``track/mlflow`` beside ``runs``."""
    experiment: str | None = Field(default=None, min_length=1, max_length=200)
    """The experiment; left out, the recipe's name."""

    @property
    def hosts(self) -> tuple[str, ...]:
        return () if self.server is None else (urlsplit(self.server).hostname or "",)


class WandbTracker(TrackerSpec):
    """Weights & Biases: offline in a folder (``wandb sync`` sends it whenever you want), or live to a server."""

    runs: ClassVar[str] = "luthier.track.wandb:open_sink"
    needs: ClassVar[tuple[str, ...]] = ("wandb",)
    kind: Literal["wandb"] = "wandb"
    """wandb"""
    server: Server | None = None
    """A server to send to while the run goes on, ``https://api.wandb.ai`` or your own; left out, nothing leaves the
    machine. Its hosts must be in ``privacy.egress``. The key comes from WANDB_API_KEY."""
    folder: str | None = None
    """Where the offline runs go; left out, ``track/wandb`` beside ``runs``."""
    project: str | None = Field(default=None, min_length=1, max_length=128)
    """The project; left out, the recipe's name."""
    entity: str | None = None
    """The team or user that owns the project."""

    @property
    def hosts(self) -> tuple[str, ...]:
        return () if self.server is None else (urlsplit(self.server).hostname or "",)


class TrackioTracker(TrackerSpec):
    """Trackio: one SQLite file in a folder; ``trackio show`` opens its page."""

    runs: ClassVar[str] = "luthier.track.trackio:open_sink"
    needs: ClassVar[tuple[str, ...]] = ("trackio",)
    kind: Literal["trackio"] = "trackio"
    """trackio"""
    folder: str | None = None
    """Where its files go; left out, ``track/trackio`` beside ``runs``."""
    project: str | None = Field(default=None, min_length=1, max_length=128)
    """The project; left out, the recipe's name."""


class OwnTracker(TrackerSpec):
    """A tracker of your own: a function that opens a sink (docs/how-to/tracking.md shows one)."""

    runs: ClassVar[str] = "luthier.track.own:open_sink"
    kind: Literal["own"] = "own"
    """own"""
    function: str = Field(pattern=r"^[^:]+\.py:[A-Za-z_][A-Za-z0-9_]*$")
    """``./tracker.py:open_sink``: called with this spec and the run, gives the sink. Its path starts at the recipe."""
    sends_to: Annotated[tuple[str, ...], OneOrMany] = ()
    """Machines that it sends to; each must be in ``privacy.egress``. Any other connection is refused."""

    @property
    def hosts(self) -> tuple[str, ...]:
        return self.sends_to


AnyTracker = Annotated[
    TensorboardTracker | MlflowTracker | WandbTracker | TrackioTracker | OwnTracker,
    Field(discriminator="kind"), ByName,
]  # fmt: skip
