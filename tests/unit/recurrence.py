"""The equations of torch's recurrent layers, step by step in float64: a reference for recordings.

Written from the documentation of `torch.nn.RNN`, `GRU` and `LSTM`, in numpy, one step at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from numpy.typing import NDArray
    from torch import nn

    Change = Callable[[str, NDArray[np.float64]], NDArray[np.float64]]


def sigmoid(a: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 * (1 + np.tanh(a / 2))


def double(tensor: torch.Tensor) -> NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy()


def step(
    mode: str,
    w: dict[str, NDArray[np.float64]],
    x: NDArray[np.float64],
    state: Sequence[NDArray[np.float64]],
    change: Change = lambda _, values: values,
) -> dict[str, NDArray[np.float64]]:
    """Return every kind after one step; `x (I,)`, `state` is `(h,)` or `(h, c)`.

    `change` is given each kind's values as they are computed, and returns what takes their place.
    """
    from_x = w["weight_ih"] @ x + w.get("bias_ih", 0)
    from_h = w["weight_hh"] @ state[0] + w.get("bias_hh", 0)
    if mode in ("RNN_TANH", "RNN_RELU"):
        pre = change("pre", from_x + from_h)
        h = np.tanh(pre) if mode == "RNN_TANH" else np.maximum(pre, 0)
        return {"h": change("h", h), "pre": pre}
    if mode == "GRU":
        x_r, x_z, x_n = np.split(from_x, 3)
        h_r, h_z, h_n = np.split(from_h, 3)
        r, z = change("r", sigmoid(x_r + h_r)), change("z", sigmoid(x_z + h_z))
        n = change("n", np.tanh(x_n + r * h_n))
        return {"h": change("h", (1 - z) * n + z * state[0]), "r": r, "z": z, "n": n}
    i, f, g, o = np.split(from_x + from_h, 4)
    i, f, o = (change(kind, sigmoid(a)) for kind, a in (("i", i), ("f", f), ("o", o)))
    g = change("g", np.tanh(g))
    c = change("c", f * state[1] + i * g)
    tanh_c = change("tanh_c", np.tanh(c))
    h = o * tanh_c
    if "weight_hr" in w:
        h = w["weight_hr"] @ h
    return {"h": change("h", h), "c": c, "tanh_c": tanh_c, "i": i, "f": f, "g": g, "o": o}


def weights(module: nn.RNNBase, layer: int, suffix: str) -> dict[str, NDArray[np.float64]]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
    return {
        name: double(getattr(module, f"{name}_l{layer}{suffix}"))
        for name in names
        if hasattr(module, f"{name}_l{layer}{suffix}")
    }


class Replaced(NamedTuple):
    """Values `(T, n)` that stand in the place of those of n units of a state."""

    state: str
    units: list[int]
    values: NDArray[np.float64]
    where: str  # "recurrence", or "readout": in what leaves the layer alone


def changing(replaced: Sequence[Replaced], prefix: str, t: int, *, leaving: bool) -> Change:
    """Return what replaces values at step `t` of a layer: in the recurrence, or as they leave."""

    def change(kind: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
        for each in sorted(replaced, key=lambda each: each.where == "readout"):
            in_force = leaving or each.where == "recurrence"
            if in_force and each.state == f"{prefix}.{kind}":
                values = values.copy()
                values[each.units] = each.values[t]
        return values

    return change


def states(
    module: nn.RNNBase,
    x: NDArray[np.float64],
    start: Sequence[NDArray[np.float64]] | None = None,
    replaced: Sequence[Replaced] = (),
) -> dict[str, NDArray[np.float64]]:
    """Return every state of one sequence, `x (T, I)`, by its name without the module's path.

    `start` is `(h,)` or `(h, c)`, each `(L * D, ·)`; zeros if None. Where values are replaced, each
    state is returned as it leaves its layer.
    """
    suffixes = ("", "_reverse") if module.bidirectional else ("",)
    result = {}
    for layer in range(module.num_layers):
        outputs = []
        for d, suffix in enumerate(suffixes):
            w = weights(module, layer, suffix)
            if start is None:
                state = [np.zeros(w["weight_hh"].shape[1]), np.zeros(module.hidden_size)]
            else:
                state = [part[layer * len(suffixes) + d] for part in start]
            rows = []
            for t in reversed(range(len(x))) if d else range(len(x)):
                row, leaving = (
                    step(
                        module.mode,
                        w,
                        x[t],
                        state,
                        changing(replaced, f"l{layer}{suffix}", t, leaving=leaving),
                    )
                    for leaving in (False, True)
                )
                state = [row["h"], row.get("c", row["h"])]
                rows.append(leaving)
            rows = rows[::-1] if d else rows
            for kind in rows[0]:
                result[f"l{layer}{suffix}.{kind}"] = np.stack([row[kind] for row in rows])
            outputs.append(result[f"l{layer}{suffix}.h"])
        x = np.concatenate(outputs, axis=1)
    return result
