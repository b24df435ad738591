"""A torch module and its inputs -> a trace: finds the recurrent layers, runs, puts things back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, get_args, runtime_checkable

from rnnviz_widget.recording import tokens as texts
from rnnviz_widget.recording.parallel.plan import TOLERANCE, Plan
from rnnviz_widget.recording.session import Session
from rnnviz_widget.recording.sinks import FolderSink, MemorySink
from rnnviz_widget.trace import Trace, checked_tokens, exchange, storage
from rnnviz_widget.trace.opening import recognise
from rnnviz_widget.trace.shards import ShardWriter

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from torch import Tensor, nn

    from rnnviz_widget.recording.parallel.plan import Unroll
    from rnnviz_widget.recording.vocabulary import VocabularyLike


Order = Literal["tokens", "steps"]


@runtime_checkable
class TextModel(Protocol):
    """A module that knows its own vocabulary, as `CharLM` does.

    Called with `encode(text)` it returns logits, or logits and a state; in the latter case it takes
    the state as its second argument.
    """

    vocabulary: Sequence[str]

    def encode(self, text: str) -> Tensor:
        """Return one id for each character."""


def record(
    module: nn.Module,
    *inputs: Any,  # noqa: ANN401
    tokens: Sequence[str] | str | None = None,
    text: str | None = None,
    offsets: Iterable[Sequence[int]] | None = None,
    vocabulary: VocabularyLike | None = None,
    states: str | Sequence[str] | None = None,
    unroll: Unroll = "auto",
    tolerance: float = TOLERANCE,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    dtype: storage.StorageType = "float32",
    order: Order = "tokens",
    progress: bool | None = None,
) -> Trace:
    """Return what every recurrent layer of a module did while it read one sequence.

    Calls a replica of the module on the same weights once, as ``module(*inputs)``, in eval mode and
    without gradients; the module itself is not touched, also by an error or Ctrl-C, and may be used
    in other threads meanwhile. What a forward pass changes is gone afterwards: attributes, buffers,
    tensors and containers changed in place, weights that an embedding with `max_norm` scales, and
    draws from the global random generators. Not so what it does outside of the module, to objects
    of other classes that the module holds, and to its own parameters (of which a warning tells,
    unless it writes to their ``.data``).

    Every layer and direction of each `torch.nn.RNN`, `GRU` and
    `LSTM` in it is recorded, and every call of an `RNNCell`, `GRUCell`, `LSTMCell` or cell told of
    by `register_cell` is a step. States are named ``"<path>.l<layer>[_reverse].<kind>"``; the
    second time that a layer reads the tokens, ``"<path>@2.l0.h"``. Kinds: ``h``; of an RNN ``pre``
    (before the nonlinearity); of a GRU ``r z n``; of an LSTM ``c tanh_c i f g o``.

    Parameters
    ----------
    module : torch.nn.Module
        Any module with recurrent layers in it.
    *inputs : object
        What to call it with: one sequence, alone or as a batch of one. A string will do for a
        module that has `encode` and `vocabulary` (see `TextModel`). Of ids `(T, B)` or `(B, T)` the
        layers tell which axis is time.
    tokens : sequence of str or str, optional
        What each time step read, for people: T non-empty strings, or one string for its
        characters. Not needed where it follows from a text, or from ids and a vocabulary.
    text, offsets : str and iterable of sequence of int
        In place of `tokens`: a text, and the ``(start, end)`` that a tokenizer reports for each
        token; without offsets, each character is a token.
    vocabulary : sequence of str, dict or tokenizer, optional
        V strings in the order of ids, a dict of tokens and ids, or a tokenizer. If the module
        returns one logit for each at every step (`(T, V)`, alone or first in a tuple), the trace
        has predictions, and the loss where the inputs hold ids.
        By default the module's own `vocabulary`, if it has one.
    states : str or sequence of str, optional
        Shell patterns of the states to keep, such as ``["*.h", "*.c"]``; by default all.
    unroll : {"auto", "chunked", "sequential"}
        ``"sequential"``, ``"chunked"`` (parallel over time, the same values to `tolerance`; step
        after step where the network does not allow it) or ``"auto"``: the latter where it pays.
    tolerance : float
        How far values that were run in parallel may be from the sequential ones, relative to the
        largest absolute state; in [1e-5, 1e-3]. Some trained networks amplify rounding errors to a
        few 1e-5 now and then, so that two batch sizes or two machines differ by that; they are run
        step after step unless more is allowed.
    out : path, optional
        A folder to write to while recording; what is returned is then read from it on demand. A
        trace that is there is replaced; what was opened of the old one gives nothing more.
        Interrupted, it keeps the tokens up to the last shard, as does ``rnnviz recover`` if killed.
    overwrite : bool
        Let `out` replace what is there even where it is not a trace, or holds something else too.
    dtype : str
        ``"float32"``, or ``"float16"`` to keep half as much, to 3 digits.
    order : str
        ``"tokens"``: row t of a state is what the layer's step left that read token t, in whatever
        order it reads them: sorted by length, backwards, after a start token. Where something
        stands between the inputs and a layer, the module is run a few times more for that, with
        changed inputs and without the recurrent layers' work. A warning tells where a step reads
        several tokens, or where it cannot be told. ``"steps"``: row t is step t.
    progress : bool, optional
        Whether to show a progress bar; by default where it takes long.

    Raises
    ------
    TypeError, ValueError
        If the arguments do not fit the module or each other; the message names them.
    MemoryError
        Saying which argument lowers the need.
    """
    storage.check_dtype(dtype)
    if len(inputs) == 1 and isinstance(inputs[0], str):
        if tokens is not None or text is not None or offsets is not None:
            raise TypeError("a text was given as input: leave out tokens, text and offsets")
        text = inputs[0]
        inputs = (encoded(module, text),)
    named = texts.from_arguments(tokens, text, offsets)
    plan = Plan(unroll, tolerance)
    by_steps = _by_steps(order)
    session = Session(
        module, inputs, vocabulary, states, plan, progress=progress, by_steps=by_steps
    )
    if named is None:
        of_ids = session.tokens_of_ids()
        if len(of_ids) != 1:
            raise ValueError(
                f"record takes one sequence, got ids of {len(of_ids)}; use record_batch"
            )
        named = of_ids[0]
    if out is None:
        sink = MemorySink(len(named), dtype)
        extras = session.run([sink], [named])[0]
        return sink.trace(named[: session.kept[0]], extras, session.source())
    _record_to(out, session, named, dtype, overwrite=overwrite)
    return Trace.load(out)


def record_batch(
    module: nn.Module,
    *inputs: Any,  # noqa: ANN401
    tokens: Sequence[Sequence[str] | str] | None = None,
    vocabulary: VocabularyLike | None = None,
    states: str | Sequence[str] | None = None,
    dtype: storage.StorageType = "float32",
    order: Order = "tokens",
    progress: bool | None = None,
) -> list[Trace]:
    """Return a trace for each sequence of a batch, recorded as `record` does.

    Parameters
    ----------
    module, *inputs : torch.nn.Module and object
        Called once as ``module(*inputs)``, with a batch of B sequences. Shorter ones are padded at
        their end, or packed (`torch.nn.utils.rnn.PackedSequence`).
    tokens : sequence of sequence of str or str, optional
        For each sequence what its time steps read; padding is left out. Not needed where it
        follows from ids and a vocabulary; the layers tell which axis of them is time.
    vocabulary, states, dtype, order, progress
        As in `record`.
    """
    storage.check_dtype(dtype)
    by_steps, plan = _by_steps(order), Plan("sequential")
    session = Session(
        module, inputs, vocabulary, states, plan, progress=progress, by_steps=by_steps
    )
    named = session.tokens_of_ids() if tokens is None else [checked_tokens(t) for t in tokens]
    if not named:
        raise ValueError("tokens must name at least one sequence, got none")
    sinks = [MemorySink(len(each), dtype) for each in named]
    extras = session.run(sinks, named)
    return [
        sink.trace(each[:kept], extra, session.source(b))
        for b, (sink, each, extra, kept) in enumerate(
            zip(sinks, named, extras, session.kept, strict=True)
        )
    ]


def _record_to(
    out: str | os.PathLike[str],
    session: Session,
    tokens: tuple[str, ...],
    dtype: storage.StorageType,
    *,
    overwrite: bool,
) -> None:
    """Record into a folder; interrupted, keep the tokens that every state has a whole shard of."""
    replacing = exchange.replacing(out, recognise, overwrite=overwrite)
    with replacing as folder, ShardWriter() as writer:
        sink = FolderSink(folder, tokens, dtype, writer)
        try:
            extras = session.run([sink], [tokens])[0]
            if session.kept[0] < len(tokens):  # a shard has the rows it was begun with
                sink.shorten(session.kept[0])
                extras = session.run([sink], [tokens])[0]
        except KeyboardInterrupt as error:
            kept = tokens[: sink.whole_rows]
            if not kept:
                raise KeyboardInterrupt(
                    "interrupted before a shard was whole: nothing kept"
                ) from error
            extras = session.extras()[0].first(len(kept))
            sink.finish(kept, extras, {**session.source(), "interrupted_of": len(tokens)})
            interrupt = KeyboardInterrupt(
                f"interrupted: {str(out)!r} holds the first {len(kept):,} of {len(tokens):,} tokens"
            )
        else:
            sink.finish(tokens[: session.kept[0]], extras, session.source())
            return
    raise interrupt


def _by_steps(order: Order) -> bool:
    """Return whether rows stand in the order of a layer's steps, and refuse what is no order."""
    if order not in get_args(Order):
        raise ValueError(f'order must be "tokens" or "steps", got {order!r}')
    return order == "steps"


def encoded(module: nn.Module, text: str) -> Tensor:
    """Return the ids of a text, on the module's device.

    Raises
    ------
    TypeError, ValueError
        If the module cannot read text, or not one id for each character.
    """
    if not isinstance(module, TextModel):
        raise TypeError(
            f"{type(module).__name__} cannot read a text (it has no encode and vocabulary): pass "
            "its inputs as tensors, and tokens="
        )
    checked_tokens(text)
    ids = module.encode(text)
    if len(ids) != len(text):
        raise ValueError(
            f"encode gives {len(ids)} ids for {len(text)} characters; pass the ids as input and "
            "what they stand for as tokens="
        )
    parameter = next(cast("nn.Module", module).parameters(), None)
    return ids if parameter is None else ids.to(parameter.device)
