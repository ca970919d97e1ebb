"""What is delivered: adapter and merged model, each read back from disk and proven equal to what was trained.

It trains nothing and judges no ability: whether the model is good is for ``evaluate``.
"""

from luthier.export.card import Card, Measured
from luthier.export.deliver import Delivered, deliver
from luthier.export.parity import Certificate, Check, ParityError

__all__ = ["Card", "Certificate", "Check", "Delivered", "Measured", "ParityError", "deliver"]
