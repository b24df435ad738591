"""Intervals: a text resampled in blocks, how long these must be, Student's t, the quantiles taken.

What a score says of each token is not independent of what it says of the next. Blocks must be long
beside the time that such dependence lasts, and there must be several of them; where a text has no
room for that, nothing is known of its interval.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_BLOCKS = 5
"""With fewer an interval rests on next to nothing, and counts as not known."""

MOST_BLOCKS = 256
"""More make no better interval."""

_INDEPENDENT = 1.5  # an autocorrelation time from which on steps depend on each other
_SLOWEST = 20  # parts of a series, one of which correlations are added up over in any case
_WINDOW = 5  # autocorrelation times over which correlations are added up
# Student's t, 97.5 %, for 1 to 9 degrees of freedom; above, the series is exact to 0.001.
_T_FEW = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
_Z = 1.959964


def autocorrelation_time(values: NDArray[np.float64]) -> float:
    r"""Return the integrated autocorrelation time of a series, in steps, at least 1.

    This is :math:`1 + 2 \sum_k \rho_k`: n values tell as much of their mean as n divided by it
    independent ones. For an AR(1) process with :math:`\rho_k = e^{-k / \tau}` it is about
    :math:`2 \tau`. A constant series has 1.

    Correlations are added up to the first lag W that is five times the sum so far (A. Sokal, Monte
    Carlo methods in statistical mechanics, 1997, section 3), and the sum is multiplied with
    1 + (2 W + 1) / n, since taking off the mean makes every correlation too small (U. Wolff,
    Comput. Phys. Commun. 156, 143, 2004, equation 49). What is weak and slow hides from that window
    behind what is strong and quick; so the largest sum of any window up to a twentieth of the
    series counts, if it is larger. That errs on the side of
    a longer time, by about a third.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Finite numbers.

    """
    n = len(values)
    centred = values - values.mean()
    variance = centred @ centred
    if n < 2 or variance <= 1e-20 * max(float(values @ values), 1e-30):  # noqa: PLR2004
        return 1.0
    power = np.abs(np.fft.rfft(centred, _fast_length(2 * n))) ** 2
    correlation = np.fft.irfft(power)[:n] / variance
    times = 2 * np.cumsum(correlation) - 1
    enough = np.flatnonzero(np.arange(n) >= _WINDOW * times)
    window = int(enough[0]) if len(enough) else n - 1
    windows = np.append(np.arange(n // _SLOWEST), window)
    return max(1.0, float((times[windows] * (1 + (2 * windows + 1) / n)).max()))


def block_length(values: NDArray[np.float64]) -> int:
    """Return how long blocks of a series must be, in steps.

    The smallest B with B^3 >= 2 n t^2 for the autocorrelation time t (R. M. Lee et al., Phys. Rev.
    E 83, 066706, 2011, after Wolff 2004). Longer blocks miss less of the dependence, more blocks
    say better how much they differ; this balances the two. For independent values t is 1 and
    nothing more than single steps is needed, so B is 1.
    """
    time = autocorrelation_time(values)
    return 1 if time < _INDEPENDENT else math.ceil((2 * len(values) * time**2) ** (1 / 3))


def tails(blocks: int) -> tuple[float, float]:
    """Return which quantiles of resampled values bound a 95 % interval.

    With few blocks the resampled values lie too close together, by the square root of (G - 1) / G,
    and Student's t with G - 1 degrees of freedom is wider than the normal distribution. The
    expanded percentile interval makes up for both (T. Hesterberg, What teachers should know about
    the bootstrap, American Statistician 69, 371, 2015, section 4.2).
    """
    t = float(student_quantile(np.array([blocks - 1]))[0])
    tail = 0.5 * math.erfc(t * math.sqrt(blocks / (blocks - 1)) / math.sqrt(2))
    return tail, 1 - tail


def interval(
    score: float, drawn: NDArray[np.float64], blocks: int, finest: float
) -> tuple[float, float]:
    """Return the 95 % interval of a score in [-1, 1], given those of resampled texts.

    On Fisher's scale, arctanh, on which scores near an end spread as widely as others do, it is
    the score plus and minus Student's t with G - 1 degrees of freedom times the deviation of the
    resampled scores, times the square root of G / (G - 1) as in `tails`. Where it is narrower than
    the expanded percentiles, these count: they know on which side the errors are.

    Parameters
    ----------
    score : float
        Of the text as it is.
    drawn : ndarray, shape (R,)
        Of R resampled ones.
    blocks : int
        G, the number of blocks.
    finest : float
        The smallest distance from 1 that can be told.

    """
    low, high = np.quantile(np.clip(drawn, -1, 1), tails(blocks))
    if drawn.std() > 0:
        end = 1 - finest
        t = float(student_quantile(np.array([blocks - 1]))[0])
        half = t * np.sqrt(blocks / (blocks - 1)) * np.arctanh(np.clip(drawn, -end, end)).std()
        middle = np.arctanh(np.clip(score, -end, end))
        low, high = min(low, np.tanh(middle - half)), max(high, np.tanh(middle + half))
    return float(low), float(high)


def joined(stretches: NDArray[np.intp], least: int, most: int = MOST_BLOCKS) -> NDArray[np.intp]:
    """Return the block of each step, (n,): neighbouring stretches joined until long enough.

    Parameters
    ----------
    stretches : ndarray of int, shape (n,)
        The stretch (a span, a line) of each step, ascending from 0; none is cut in two.
    least : int
        Steps that each block has at least.
    most : int
        How many blocks there may be; neighbours are joined evenly where there would be more.

    """
    n = len(stretches)
    starts = np.flatnonzero(np.diff(stretches, prepend=-1))
    if least > 1:
        kept, place = [0], least
        while (i := int(np.searchsorted(starts, place))) < len(starts):
            kept.append(int(starts[i]))
            place = kept[-1] + least
        if len(kept) > 1 and n - kept[-1] < least:
            kept.pop()  # the rest belongs to the block before
        starts = np.array(kept)
    block = np.zeros(n, np.intp)
    block[starts[1:]] = 1
    block = np.cumsum(block)
    blocks = len(starts)
    return block * most // blocks if blocks > most else block


def draw(blocks: int, count: int, seed: int = 1) -> NDArray[np.float32]:
    """Return how often each of ``count`` resampled texts holds each block, (count, blocks)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=count).astype(np.float32)


def student_quantile(df: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the 97.5 % quantile of Student's t (Abramowitz and Stegun 1964, 26.7.5)."""
    v = np.maximum(df, 1).astype(np.float64)
    series = (
        _Z
        + (_Z**3 + _Z) / (4 * v)
        + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * v**2)
        + (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / (384 * v**3)
    )
    few = np.array((np.nan, *_T_FEW))
    return np.where(df < len(few), few[np.clip(df, 0, len(few) - 1)], series)


def _fast_length(least: int) -> int:
    """Return a length that a Fourier transform is quick at: a power of 2, or 3 times one."""
    power = 1 << (least - 1).bit_length()
    return 3 * power // 4 if 3 * power // 4 >= least else power
