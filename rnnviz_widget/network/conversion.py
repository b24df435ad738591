"""A torch module -> a network that a page can run; refused where the two are not the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (the field's own name for it)

from rnnviz_widget.escaping import listed
from rnnviz_widget.network.format import Layer, Portable, Proof
from rnnviz_widget.network.reference import run
from rnnviz_widget.recording import record
from rnnviz_widget.recording.vocabulary import as_vocabulary, own_vocabulary
from rnnviz_widget.recurrent.module import recurrent_layers, refuse_broken_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.network.format import Cell
    from rnnviz_widget.recording.vocabulary import VocabularyLike
    from rnnviz_widget.trace import Trace

TOLERANCE = 1e-5
"""How far module and portable form may be apart, relative to the largest value."""

_PROOF = 96  # tokens that a page reads to prove itself
_TOKENS = 256  # that are compared here, beside one of each character
_MOST_CHARACTERS, _MOST_UNITS, _MOST_LAYERS = 65_536, 4096, 16
_OTHERWISE = (
    "what any network did with a text is shown by HiddenStateWidget(rnnviz.record(module, ...)), "
    "which cannot be edited"
)
_WITH_PYTHON = (
    "beside Python its text can be edited all the same, by HiddenStateWidget(model=module, "
    "text=text) where module.vocabulary names its characters"
)


class NotPortableError(ValueError):
    """A module that runs, but not in a page: the message says why."""


def portable(module: nn.Module, vocabulary: VocabularyLike | None = None) -> Portable:
    """Return a character network as a page runs it, once it is proved to be the same.

    A page runs what is made of one stack of `torch.nn.RNN`, `GRU` or `LSTM`, read from one-hot
    characters or an embedding, with one `torch.nn.Linear` on its last layer: a `CharLM`, or any
    module whose path is that. Module and portable form read the same characters, every one of the
    vocabulary among them, and must agree in every state and every logit.

    Parameters
    ----------
    module : torch.nn.Module
        A `CharLM`, or a module that takes ids `(T,)`, `(1, T)` or `(T, 1)`, or as many one-hot
        vectors, and returns logits (alone or first in a tuple), their logarithm of the softmax or
        their softmax. Its mode and weights are left as they are.
    vocabulary : sequence of str, dict or tokenizer, optional
        V single characters in the order of ids, a dict of characters and ids, or a tokenizer. By
        default the module's own.

    Raises
    ------
    TypeError, ValueError
        If it cannot live in a page: why, and what would do.

    Examples
    --------
    >>> rnnviz.portable(rnnviz.load_model("prose"))
    Portable: 2 GRU layers of 256 units, ...
    """
    characters = _checked_vocabulary(module, vocabulary)
    path, rnn = _recurrent_stack(module)
    refuse_broken_weights(module)
    embedding, head = _around(module, rnn, len(characters))
    unproved = Portable(
        cell=cast("Cell", rnn.mode),
        path=path,
        vocabulary=characters,
        embedding=None if embedding is None else _array(embedding.weight),
        layers=tuple(_layers(rnn)),
        head=_array(head.weight),
        head_bias=None if head.bias is None else _array(head.bias),
        proof=Proof(np.zeros(1, np.uint32), (0,), np.zeros((1, 1), np.float32), np.inf),
    )
    proof = _proof(module, head, unproved)
    return Portable(**{**vars(unproved), "proof": proof})


def _checked_vocabulary(module: nn.Module, vocabulary: VocabularyLike | None) -> tuple[str, ...]:
    characters = own_vocabulary(module) if vocabulary is None else as_vocabulary(vocabulary)
    if characters is None:
        raise TypeError(
            f"vocabulary must say which character each id is: {type(module).__name__} has none of "
            "its own"
        )
    if bad := [item for item in characters if len(item) != 1]:
        raise ValueError(
            f"vocabulary must hold single characters for a text to be edited, got {bad[0]!r}; "
            f"{_OTHERWISE}"
        )
    if not 0 < len(set(characters)) == len(characters) <= _MOST_CHARACTERS:
        raise ValueError(
            f"vocabulary must hold 1 to {_MOST_CHARACTERS:,} characters, none of them twice, got "
            f"{len(characters):,}, {len(set(characters)):,} of them different"
        )
    return characters


def _recurrent_stack(module: nn.Module) -> tuple[str, nn.RNNBase]:
    """Return the module's one stack and its path.

    Raises
    ------
    TypeError, ValueError
        If a page cannot run it.
    """
    found = recurrent_layers(module)
    if len(found) > 1:
        _refuse(f"it has {len(found)} recurrent modules, {listed(found)}; a page runs one stack")
    ((path, rnn),) = found.items()
    if not isinstance(rnn, nn.RNNBase):
        _refuse(f"{path} is a {type(rnn).__name__}; a page runs nn.RNN, nn.GRU and nn.LSTM")
    if rnn.bidirectional:
        _refuse(f"{path} is bidirectional: what it says of a character depends on all that follow")
    if rnn.proj_size:
        _refuse(f"{path} has a projection (proj_size={rnn.proj_size})")
    if rnn.hidden_size > _MOST_UNITS or rnn.num_layers > _MOST_LAYERS:
        _refuse(
            f"{path} has {rnn.num_layers} layers of {rnn.hidden_size} units; a page runs up to "
            f"{_MOST_LAYERS} of {_MOST_UNITS}"
        )
    return path, rnn


def _around(module: nn.Module, rnn: nn.RNNBase, size: int) -> tuple[nn.Embedding | None, nn.Linear]:
    """Return what stands before the stack, None for one-hot characters, and the head."""
    embeddings = [m for m in module.modules() if isinstance(m, nn.Embedding)]
    heads = [m for m in module.modules() if isinstance(m, nn.Linear)]
    shapes = [(m.in_features, m.out_features) for m in heads]
    if shapes != [(rnn.hidden_size, size)]:
        _refuse(
            f"it must have one nn.Linear, from {rnn.hidden_size} units to {size} characters, and "
            f"has {', '.join(f'{a} to {b}' for a, b in shapes) or 'none'}"
        )
    tables = [(m.num_embeddings, m.embedding_dim) for m in embeddings]
    if tables not in ([], [(size, rnn.input_size)]):
        _refuse(
            f"its embedding must be one of {size} characters to {rnn.input_size} values, and it "
            f"has {', '.join(f'{a} to {b}' for a, b in tables)}"
        )
    if not tables and rnn.input_size != size:
        _refuse(
            f"it has no nn.Embedding, and its stack reads {rnn.input_size} values, not "
            f"{size} (one-hot characters)"
        )
    return (embeddings[0] if embeddings else None), heads[0]


def _layers(rnn: nn.RNNBase) -> Iterator[Layer]:
    for number in range(rnn.num_layers):
        names = [f"{name}_l{number}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        yield Layer(
            *(_array(getattr(rnn, name)) if hasattr(rnn, name) else None for name in names)  # type: ignore[arg-type]
        )


def _array(parameter: Tensor) -> NDArray[np.float32]:
    return parameter.detach().to("cpu", torch.float32).numpy().copy()


def _proof(module: nn.Module, head: nn.Linear, network: Portable) -> Proof:
    """Return what proves a network.

    Raises
    ------
    ValueError
        If module and network do not compute the same.
    """
    size = len(network.vocabulary)
    chosen = np.random.default_rng(0).integers(0, size, _TOKENS)
    ids = np.concatenate([chosen, np.arange(size)])
    states, logits = _own_values(module, head, network, ids)
    expected, expected_logits = run(network, ids)
    largest, error, worst = 0.0, 0.0, ""
    with np.errstate(invalid="ignore"):
        for name, values in {**expected, "the logits": expected_logits}.items():
            own = logits if name == "the logits" else states[name]
            largest = max(largest, float(np.abs(own).max()))
            difference = float(np.abs(own - values).max())
            if not difference <= error:
                error, worst = difference, name
    if not error <= TOLERANCE * largest:
        _refuse(
            f"{worst} differs by {error:.2g} (the largest value is {largest:.3g}) between the "
            "module and an embedding, its recurrent stack and its linear layer alone: it does "
            "something else in between, starts from a state of its own, or amplifies rounding"
        )
    tokens = tuple(range(_PROOF // 4 - 1, _PROOF, _PROOF // 4))
    rows = np.concatenate([*(states[name] for name in expected), logits], axis=1)[list(tokens)]
    return Proof(ids[:_PROOF].astype(np.uint32), tokens, rows, error / max(largest, 1e-30))


def _own_values(
    module: nn.Module, head: nn.Linear, network: Portable, ids: NDArray[np.int64]
) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32]]:
    """Return the module's own states and what its head made of them.

    Raises
    ------
    ValueError
        If it takes neither ids nor one-hot vectors, or returns something else.
    """
    made: list[Tensor] = []

    def keep(_: nn.Module, __: object, output: Tensor) -> None:
        made.append(output)

    def begin() -> None:
        made.clear()

    hook = head.register_forward_hook(keep)
    tokens = [network.vocabulary[i] for i in ids]
    try:
        trace = read(module, network.vocabulary, ids, tokens, begin)
    finally:
        hook.remove()
    rows = [output.detach().float().cpu().numpy() for output in made]
    if len(rows) != 1 or rows[0].size != len(ids) * len(network.vocabulary):
        _refuse(f"its linear layer runs {len(rows)} times a text, not once over all of it")
    logits = rows[0].reshape(len(ids), -1)
    _check_output(trace.predictions, logits)
    return {name: np.asarray(trace[name]) for name in trace.states}, logits


def read(
    module: nn.Module,
    vocabulary: Sequence[str],
    ids: NDArray[np.int64],
    tokens: Sequence[str],
    begin: Callable[[], None] = lambda: None,
) -> Trace:
    """Return what a module does with ids `(T,)`, in the first form of them that it takes.

    Parameters
    ----------
    tokens
        T strings for people.
    begin
        Called before each form is tried.

    Raises
    ------
    ValueError
        If it takes neither ids nor one-hot vectors.
    """
    errors = []
    for given in _inputs(module, ids, len(vocabulary)):
        begin()
        try:
            return record(module, given, tokens=tokens, vocabulary=vocabulary, unroll="sequential")
        except (TypeError, ValueError, IndexError, RuntimeError) as error:
            errors.append(str(error))
    return _refuse(f"it took neither ids nor one-hot vectors of a text: {errors[0]}")


def _inputs(module: nn.Module, ids: NDArray[np.int64], size: int) -> Iterator[Tensor]:
    """Yield a text in every form that a module may take it in."""
    parameter = next(module.parameters())
    numbers = torch.from_numpy(ids).to(parameter.device)
    one_hot = F.one_hot(numbers, size).to(parameter.dtype)
    for x in (numbers, one_hot):
        yield from (x, x[None], x[:, None])


def _check_output(predictions: Any, logits: NDArray[np.float32]) -> None:  # noqa: ANN401
    """Refuse a module that changes the logits before it returns them."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    own = np.take_along_axis(probabilities, predictions.ids.astype(np.int64), axis=1)
    difference = float(np.abs(own - predictions.probabilities).max())
    if not difference <= 1e-4:  # noqa: PLR2004  (of a probability in float32)
        _refuse(
            "what it returns is not what its linear layer makes: the probabilities of the next "
            f"character differ by {difference:.2g}"
        )


def _refuse(reason: str) -> NoReturn:
    raise NotPortableError(f"module cannot live in a page: {reason}; {_WITH_PYTHON}")
