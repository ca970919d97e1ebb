"""Trackers as sinks of a run's events: MLflow, Weights & Biases, Trackio, TensorBoard, and users' own."""

from luthier.track.sink import Ended, Point, Sink, Subject
from luthier.track.trackers import Trackers, admit, allowed, of, start

__all__ = ["Ended", "Point", "Sink", "Subject", "Trackers", "admit", "allowed", "of", "start"]
