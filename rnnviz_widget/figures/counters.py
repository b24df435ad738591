"""`plot_profile` and `plot_saturation`: what `counters` measures, for print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget import palettes
from rnnviz_widget.figures.fonts import FAMILY
from rnnviz_widget.figures.layout import visible
from rnnviz_widget.figures.scale import MUTED
from rnnviz_widget.figures.token_axis import axes_of_size, plain
from rnnviz_widget.trace import select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from rnnviz_widget.counters import Changes, Profile, Saturation

_SHOWN = 8  # tokens, by default
_GROUP = 0.6  # of the room between two tokens that a token's lags take up

# Shapes tell them apart where colours do not (Okabe and Ito's, for those who see fewer).
_GATES = (("o", "#0072b2"), ("^", "#d55e00"), ("s", "#009e73"), ("D", "#cc79a7"), ("v", "#e69f00"))


def plot_profile(
    profile: Profile,
    tokens: Sequence[str] | None = None,
    *,
    palette: str = "red-blue",
    ax: Axes | None = None,
) -> Axes:
    """Return axes with the mean change of a unit after each token, lag after lag.

    Each token has a line of points from lag 0, the step that reads it, to the last lag: triangles
    that point down where the unit was below 0 before, triangles that point up where it was 0 or
    above, both with their 95 % intervals. A counter moves the same way from either side, a switch
    towards the other side.

    Parameters
    ----------
    profile : Profile
        Of `counter_profile`.
    tokens : sequence of str, optional
        Which to show, from left to right; by default the eight that move the unit most.
    palette : str
        Whose colours for low and high the two sides have.
    ax : Axes, optional
        Axes to draw on, by default those of a new figure.

    Raises
    ------
    KeyError, ValueError
        If a token does not occur in the profile, or none is given.
    """
    chosen = profile.strongest(_SHOWN) if tokens is None else tuple(tokens)
    if not chosen:
        msg = "tokens must name at least one token, got none"
        raise ValueError(msg)
    for token in chosen:
        profile[token]  # refuses what does not occur
    rows = [profile.tokens.index(token) for token in chosen]
    low, high = palettes.colours(palette, [-0.75, 0.75]) / 255

    ax = axes_of_size(ax, 1.5 + 1.0 * len(chosen), 3.2)
    ax.axhline(0, color=MUTED / 255, linewidth=0.6)
    sides = (
        ("below 0 before", profile.negative, "v", low, -0.04),
        ("0 or above before", profile.positive, "^", high, 0.04),
    )
    for name, part, marker, colour, aside in sides:
        _draw_side(ax, part, rows, name, marker=marker, colour=tuple(colour), aside=aside)
    ax.set_xticks(range(len(chosen)))
    ax.set_xticklabels([_shown(token) for token in chosen], family=FAMILY)
    for tick in ax.get_xticklabels():
        plain(tick)
    ax.set_xlim(-0.6, len(chosen) - 0.4)
    ax.set_xlabel(f"token; from left to right the change at lag 0 to {profile.lags}")
    plain(ax.set_ylabel(visible(f"change of {profile.state}[{profile.unit}]")))
    ax.legend(frameon=False, fontsize="small")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _shown(token: str) -> str:
    """Return a token as it stands below the axes; blanks between quotes."""
    shown = visible(token)
    return repr(token) if shown.isspace() else shown


def _draw_side(
    ax: Axes,
    part: Changes,
    rows: Sequence[int],
    name: str,
    *,
    marker: str,
    colour: tuple[float, ...],
    aside: float,
) -> None:
    """Draw the means of some tokens with their intervals, `aside` of their places."""
    mean, low, high = part.mean[rows], part.low[rows], part.high[rows]  # (N, L)
    lags = mean.shape[1]
    offsets = _GROUP * (np.arange(lags) / max(lags - 1, 1) - 0.5) + aside
    x = np.arange(len(rows))[:, None] + offsets  # (N, L)
    gap = np.full((len(rows), 1), np.nan)  # ends a token's line
    ax.plot(
        np.hstack([x, gap]).ravel(),
        np.hstack([mean, gap]).ravel(),
        color=colour,
        linewidth=0.8,
        marker=marker,
        markersize=5,
        label=name,
    )
    known = np.isfinite(low)
    ax.vlines(x[known], low[known], high[known], color=colour, linewidth=1.6)


def plot_saturation(
    saturation: Saturation,
    states: str | Sequence[str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with a point for each unit of each gate: how often it is closed, and open.

    Figure 2 of Karpathy, Johnson and Fei-Fei, *Visualizing and Understanding Recurrent Networks*
    (2015): to the right the share of the time below 0.1, upwards the share above 0.9. Points lie
    under the diagonal, since a gate cannot be both.

    Parameters
    ----------
    saturation : Saturation
        Of `gate_saturation`.
    states : str or sequence of str, optional
        Which gates, as shell patterns such as ``"*.f"``; all by default.
    ax : Axes, optional
        Axes to draw on, by default those of a new figure.

    Raises
    ------
    ValueError
        If a pattern matches none of the gates.
    """
    chosen = select(saturation.states, states)
    ax = axes_of_size(ax, 4.6, 4.6)
    ax.plot([0, 1], [1, 0], color=MUTED / 255, linewidth=0.6, linestyle=":")
    for i, state in enumerate(chosen):
        marker, colour = _GATES[i % len(_GATES)]
        places = np.array([(point.left, point.right) for point in saturation.of(state)])
        ax.scatter(
            places[:, 0],
            places[:, 1],
            s=14,
            marker=marker,
            facecolors="none",
            edgecolors=colour,
            linewidths=0.8,
            label=visible(state),
            gid=f"gate {i}",
        )
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.set_xlabel("share of the time below 0.1")
    ax.set_ylabel("share of the time above 0.9")
    for text in ax.legend(frameon=False, fontsize="small", loc="upper right").get_texts():
        plain(text)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
