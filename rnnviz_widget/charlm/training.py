"""Train a character model: truncated backpropagation through time with carried state."""

from __future__ import annotations

import json
import math
import platform
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (the field's own name for it)

from rnnviz_widget.charlm.card import ModelCard
from rnnviz_widget.charlm.checkpoint import (
    narrowest,
    refuse_to_replace,
    save_model,
    snapshot_folder,
)
from rnnviz_widget.charlm.corpus import INDENTATIONS, Indentation, split, training_pieces
from rnnviz_widget.charlm.model import CharLM, CharLMConfig, State
from rnnviz_widget.charlm.resume import Progress, load_progress, save_progress
from rnnviz_widget.progress import Bar
from rnnviz_widget.recurrent.interrupts import unbroken
from rnnviz_widget.recurrent.patching import keeping_gradients, keeping_random, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rnnviz_widget.charlm.corpus import Corpus

VALIDATE_EVERY = 2_000_000
"""Characters between two validations, each of which also writes the file to resume from."""


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a training run.

    Attributes
    ----------
    characters
        Characters to read in all, over as many passes through the training part as that takes.
    batch_size, bptt
        Parallel streams of text; characters after which the gradient is cut (the state goes on).
    learning_rate
        Peak, reached after `warmup` of the run; a cosine takes it to a hundredth at the end.
    weight_decay
        AdamW's, on matrices only.
    max_norm
        The gradient is scaled down to this norm.
    seed
        Of the weights, the dropout and the streams' offsets.
    snapshots
        How many models to keep along the way, log-spaced in characters read; 0 for none.
    indentation
        What is read of the white space at the start of lines, see `corpus.training_pieces`.
    """

    characters: int = 50_000_000
    batch_size: int = 64
    bptt: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    warmup: float = 0.01
    max_norm: float = 1.0
    seed: int = 0
    snapshots: int = 0
    indentation: Indentation = "written"

    def __post_init__(self) -> None:
        """Refuse settings that train nothing."""
        for name, least in (("characters", 1), ("batch_size", 1), ("bptt", 1), ("snapshots", 0)):
            if getattr(self, name) < least:
                msg = f"{name} must be at least {least}, got {getattr(self, name)}"
                raise ValueError(msg)
        if self.indentation not in INDENTATIONS:
            msg = f"indentation must be one of {', '.join(INDENTATIONS)}, got {self.indentation!r}"
            raise ValueError(msg)
        if not self.learning_rate > 0:
            msg = f"learning_rate must be positive, got {self.learning_rate}"
            raise ValueError(msg)

    @property
    def steps(self) -> int:
        """Optimizer steps in the whole run."""
        return math.ceil(self.characters / (self.batch_size * self.bptt))

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of step `step` (from 0).

        Parameters
        ----------
        step : int
            Of the run, from 0.
        """
        warmup = max(1, round(self.warmup * self.steps))
        if step < warmup:
            return self.learning_rate * (step + 1) / warmup
        progress = (step - warmup) / max(1, self.steps - warmup)
        return self.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2)

    def snapshot_steps(self) -> tuple[int, ...]:
        """Return the counts of steps done at which a snapshot is kept, from about 100,000 on."""
        if not self.snapshots:
            return ()
        first = min(self.steps, math.ceil(100_000 / (self.batch_size * self.bptt)))
        ratio = (self.steps / first) ** (1 / max(1, self.snapshots - 1))
        return tuple(sorted({round(first * ratio**i) for i in range(self.snapshots)}))


class _Streams:
    """The training text as `batch_size` parallel streams, cut into windows of `bptt`.

    Every pass starts at a rotation of its own, so that windows and streams begin elsewhere; where
    a stream crosses from one training piece to the next, or a new pass begins, the carried state
    belongs to other text for a moment: one seam in 180,000 characters.
    """

    def __init__(self, ids: Tensor, config: TrainingConfig) -> None:
        self.ids, self.config = ids, config
        self.length = len(ids) // config.batch_size
        self.windows = (self.length - 1) // config.bptt
        if self.windows < 1:
            need = config.batch_size * (config.bptt + 1)
            msg = (
                f"corpus must have at least {need:,} characters for training with batch_size="
                f"{config.batch_size} and bptt={config.bptt}, got {len(ids):,}"
            )
            raise ValueError(msg)

    def window(self, step: int) -> tuple[Tensor, Tensor]:
        """Return inputs and targets, both `(B, bptt)`, of step `step` of the run."""
        a_pass, index = divmod(step, self.windows)
        generator = torch.Generator().manual_seed(self.config.seed * 1_000_003 + a_pass)
        rotation = int(torch.randint(len(self.ids), (), generator=generator))
        starts = torch.arange(self.config.batch_size)[:, None] * self.length + rotation
        span = torch.arange(index * self.config.bptt, (index + 1) * self.config.bptt + 1)
        window = self.ids[(starts + span) % len(self.ids)]
        return window[:, :-1], window[:, 1:]


def cross_entropy(model: CharLM, pieces: Sequence[str], window: int = 25) -> float:
    """Return the mean loss of `model` on `pieces` of text, in nats per character.

    Every piece starts from the zero state and its first character is predicted by nothing, so it
    does not count. The pieces run as one batch in windows of `window` characters.

    Parameters
    ----------
    model : CharLM
        A character model.
    pieces : sequence of str
        Texts of characters that it knows.
    window : int
        Characters that are read at once: Ctrl-C is answered in between.
    """
    device = next(model.parameters()).device
    length = max(map(len, pieces))
    ids = torch.zeros(len(pieces), length, dtype=torch.int64, device=device)
    targets = torch.full_like(ids, -100)  # what cross_entropy ignores
    for row, piece in enumerate(pieces):
        ids[row, : len(piece)] = model.encode(piece)
        targets[row, : len(piece) - 1] = ids[row, 1 : len(piece)]

    def summed(replica: CharLM) -> float:
        total, state = 0.0, None
        for start in range(0, length, window):
            logits, state = replica(ids[:, start : start + window], state)
            chunk = targets[:, start : start + window]
            total += F.cross_entropy(logits.flatten(0, 1), chunk.flatten(), reduction="sum").item()
        return total

    return undisturbed(model, summed) / int((targets != -100).sum())  # noqa: PLR2004


def train(
    corpus: Corpus,
    out: str | Path,
    model_config: CharLMConfig | None = None,
    config: TrainingConfig | None = None,
    *,
    device: str = "cpu",
    progress: bool | None = None,
    overwrite: bool = False,
) -> CharLM:
    """Train a model on the training part of `corpus` and write it to `out`.

    Beside `out` stand, while it runs, ``<out>.resume`` and, if wanted, ``<stem>-snapshots/``. An
    interrupted run (Ctrl-C, power) goes on where it was when called again with the same arguments;
    the file to resume from is removed at the end.

    Parameters
    ----------
    corpus : Corpus
        The text; see `split` for what of it is trained on.
    out : path
        The checkpoint to write (safetensors).
    model_config, config : CharLMConfig and TrainingConfig
        Sizes of the model, settings of the run.
    device : str
        A torch device.
    progress : bool, optional
        Whether to show a bar with the losses in nats per character; by default it is shown.
    overwrite : bool
        Replace what is at `out` even if it is no checkpoint.

    Returns
    -------
    CharLM
        The trained model in float32, in eval mode.

    Raises
    ------
    FileExistsError
        If there is a file at `out` that is no checkpoint.
    """
    if not overwrite:
        refuse_to_replace(Path(out))
    model_config, config = model_config or CharLMConfig(), config or TrainingConfig()
    start = partial(_Run, corpus, Path(out), model_config, config, device)
    return keeping_random(partial(keeping_gradients, partial(_train, start, progress=progress)))


def _train(start: Callable[[], _Run], *, progress: bool | None) -> CharLM:
    """Begin or go on with a run, and see it to its end."""
    run = start()
    config = run.config
    with Bar(
        total=config.steps * config.batch_size * config.bptt,
        initial=run.characters_seen,
        unit="char",
        unit_scale=True,
        disable=progress is False,
    ) as bar:
        try:
            for step_loss in run.steps():
                bar.update(config.batch_size * config.bptt)
                if run.step % 20 == 0:
                    bar.set_postfix(train=f"{step_loss:.3f}", validation=f"{run.validation:.3f}")
        except BaseException:
            run.save_resume()
            raise
    run.save(run.out)
    run.resume_path.unlink(missing_ok=True)
    return run.model.cpu().eval()


class _Run:
    """All that changes while a model is trained."""

    def __init__(
        self,
        corpus: Corpus,
        out: Path,
        model_config: CharLMConfig,
        config: TrainingConfig,
        device: str,
    ) -> None:
        self.corpus, self.config, self.out = corpus, config, out
        self.resume_path = out.with_name(out.name + ".resume")
        pieces = split(corpus.text)
        read = training_pieces(corpus.text, config.indentation)
        torch.manual_seed(config.seed)
        self.model = CharLM(corpus.vocabulary, model_config).to(device).train()
        self.streams = _Streams(self.model.encode("".join(read)), config)
        # A text too short to hold a validation block is validated on what it is trained on.
        self.held_out = pieces["validation"] or pieces["train"]
        parameters = list(self.model.parameters())
        groups: list[dict[str, Any]] = [
            {"params": [p for p in parameters if p.dim() > 1]},
            {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0},
        ]
        self.optimizer = torch.optim.AdamW(
            groups,
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
        )
        self.step = self.validated = 0  # how many are made, and when it was last validated
        self.state: State | None = None
        self.train_loss = math.nan  # running mean over about the last 200 steps
        self.validation = math.nan
        self.seconds = 0.0  # spent training, over all starts
        self.random = torch.get_rng_state()  # before the next step
        if self.resume_path.exists():
            self._resume()

    @property
    def characters_seen(self) -> int:
        return self.step * self.config.batch_size * self.config.bptt

    def steps(self) -> Iterator[float]:
        """Train to the end, giving the loss of each step in nats."""
        config = self.config
        validate_every = max(1, VALIDATE_EVERY // (config.batch_size * config.bptt))
        snapshots = set(config.snapshot_steps())
        while True:
            last = self.step == config.steps
            due = self.step in snapshots or self.step % validate_every == 0 or last
            if due and self.validated != self.step:
                self.validation = cross_entropy(self.model, self.held_out)
                if self.step in snapshots:
                    folder = snapshot_folder(self.out)
                    self.save(folder / f"{self.characters_seen:09d}.safetensors")
                self.validated = self.step
                self.save_resume()
            if last:
                return
            began = time.perf_counter()
            loss, state = self._loss()
            # Interrupted before this, the step has not been made; after it, all of it has.
            unbroken(partial(self._make_step, loss.item(), state, began))
            yield loss.item()

    def _loss(self) -> tuple[Tensor, State]:
        """Return the loss of the next step and the state after it; leaves its gradients."""
        device = next(self.model.parameters()).device
        inputs, targets = (ids.to(device) for ids in self.streams.window(self.step))
        before = None if self.step % self.streams.windows == 0 else self.state
        logits, state = self.model(inputs, before)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach(), state

    def _make_step(self, loss: float, state: State, began: float) -> None:
        """Change the weights, and all that tells how far the run is."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate_at(self.step)
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.max_norm)
        self.optimizer.step()
        parts = state if isinstance(state, tuple) else (state,)
        detached = [part.detach() for part in parts]
        self.state = detached[0] if len(detached) == 1 else (detached[0], detached[1])
        self.step += 1
        first = math.isnan(self.train_loss)
        self.train_loss = loss if first else 0.995 * self.train_loss + 0.005 * loss
        self.random = torch.get_rng_state()
        self.seconds += time.perf_counter() - began

    def save(self, path: Path) -> None:
        """Write the model as it now is, with its card."""
        corpus = self.corpus
        card = ModelCard(
            corpus={
                "name": corpus.name,
                "sha256": corpus.sha256,
                "characters": len(corpus.text),
            },
            training={
                **asdict(self.config),
                "characters_seen": self.characters_seen,
                "seconds": round(self.seconds),
                "machine": _machine(next(self.model.parameters()).device),
            },
            losses={"train": self.train_loss, "validation": self.validation},
        )
        save_model(self.model, path, card, narrowest(self.model), overwrite=True)

    def _settings(self) -> str:
        """Return all that must be the same for a run to go on."""
        settings = asdict(self.config)
        if self.config.indentation == "written":
            del settings["indentation"]  # as runs begun before there was a choice have it
        return json.dumps([self.corpus.sha256, asdict(self.model.config), settings], sort_keys=True)

    def save_resume(self) -> None:
        """Write the file from which the run can go on."""
        counts = [self.step, self.train_loss, self.validation, self.seconds, self.validated]
        progress = Progress(counts, self.state, self.random)
        save_progress(self.resume_path, self._settings(), self.model, self.optimizer, progress)

    def _resume(self) -> None:
        """Go on where an interrupted run was."""
        path, settings = self.resume_path, self._settings()
        counts, self.state, self.random = load_progress(path, settings, self.model, self.optimizer)
        self.step, self.train_loss, self.validation, self.seconds, *validated = counts
        self.validated = validated[0] if validated else self.step  # older files have none
        torch.set_rng_state(self.random)


def _machine(device: torch.device) -> str:
    """Return what a run was trained on, for its card."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{torch.get_num_threads()} thread(s) of {platform.machine()}"
