"""Search: which values of a recipe's keys learn the job best, forget least and cost least; whether more rows help; and
which learning rates learn at all.

Trials share one base in memory and one prepared dataset, and are judged on validation rows only. A search is kept in
the store's home as an Optuna study and goes on where it was, in the middle of a trial too. The engine of the search
(which values next) is Optuna's; training, checkpoints and measurements are the pipeline's own.
"""

from luthier.search.account import Account, Trial
from luthier.search.curve import Curve, learning_curve
from luthier.search.rates import RangeTest, range_test
from luthier.search.run import Found, search

__all__ = ["Account", "Curve", "Found", "RangeTest", "Trial", "learning_curve", "range_test", "search"]
