"""Blocks spread evenly over a corpus, few enough to be held, on which all is measured exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.labels.label import Label
from rnnviz_widget.surveys.task import labels_of, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnviz_widget.charlm import CharLM
    from rnnviz_widget.surveys.corpus import TextBlock
    from rnnviz_widget.surveys.task import Labels
    from rnnviz_widget.trace import Trace


@dataclass
class BlockSample:
    """Every block whose number is a multiple of a power of 2, the smallest that leaves few enough.

    Attributes
    ----------
    most : int
        Characters that may be kept.
    stride : int
        Of the numbers of the blocks that are kept. 1: it is the whole corpus.
    blocks : list of TextBlock
        Those.

    """

    most: int
    stride: int = 1
    blocks: list[TextBlock] = field(default_factory=list)

    def offer(self, block: TextBlock) -> None:
        """Take a block that comes next, or pass it by."""
        if block.index % self.stride:
            return
        self.blocks.append(block)
        while self.size > self.most and len(self.blocks) > 1:
            self.stride *= 2
            self.blocks = [each for each in self.blocks if each.index % self.stride == 0]

    @property
    def size(self) -> int:
        """Characters that are kept."""
        return sum(len(block.text) for block in self.blocks)

    @property
    def whole(self) -> bool:
        """Whether it is the whole corpus."""
        return self.stride == 1

    def record(self, model: CharLM, states: Sequence[str]) -> list[Trace]:
        """Return what a network does while it reads the blocks, each from zero."""
        return [read(model, block.text, states) for block in self.blocks]

    def labels(self, traces: Sequence[Trace], labels: Labels) -> dict[str, list[Label]]:
        """Return each label of the traces, not known where a block's characters do not count."""
        found: dict[str, list[Label]] = {name: [] for name in labels}
        for block, trace in zip(self.blocks, traces, strict=True):
            for name, label in labels_of(trace, labels).items():
                missing = ~label.known | (np.arange(len(trace)) < block.skip)
                found[name].append(Label(label.values, name, missing))
        return found
