"""One verdict for a family of questions: the largest of several changes, against chance's largest.

Who looks at ten numbers finds one of them large. Asked is therefore how often the largest of ten is
as large where there is nothing to be found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUNDING = 1e-12


def family_p_values(changes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p of each of Q questions, adjusted for the family they belong to, shape (Q,).

    The share of all variants whose largest change, over the questions, is as large as this one; the
    one that is tested counts among them. The smallest of the p is that of the family. If the tested
    variant is drawn like the others, it is at most x with probability x, however the questions
    depend on each other (P. Westfall and S. Young, Resampling-based multiple testing, 1993, the
    single-step max T procedure).

    Changes count in units of the mean size that a question's change has over all variants: some
    questions have larger ones than others, whatever is done.

    Parameters
    ----------
    changes : ndarray, shape (Q, 1 + R)
        In the first column those of the variant that is tested, then of R drawn at random.

    """
    size = np.abs(changes)
    scale = size.mean(axis=1, keepdims=True)
    size = np.divide(size, scale, out=np.zeros_like(size), where=scale > 0)
    largest = size.max(axis=0)  # of each variant
    # Equal sizes must stay equal, in whatever order their mean was added up.
    return np.asarray((largest >= size[:, :1] * (1 - _ROUNDING)).mean(axis=1))
