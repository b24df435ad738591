"""A character language model: the network of the lectures, its training and its checkpoints."""

from rnnviz_widget.charlm.brackets import bracket_text, read_corpus
from rnnviz_widget.charlm.card import FoundUnit, ModelCard
from rnnviz_widget.charlm.checkpoint import (
    bundled_card,
    bundled_models,
    load_model,
    read_card,
    save_model,
    snapshots,
    write_units,
)
from rnnviz_widget.charlm.corpus import Corpus, split
from rnnviz_widget.charlm.model import CharLM, CharLMConfig, untrained
from rnnviz_widget.charlm.sampling import sample
from rnnviz_widget.charlm.training import TrainingConfig, cross_entropy, train

__all__ = [
    "CharLM",
    "CharLMConfig",
    "Corpus",
    "FoundUnit",
    "ModelCard",
    "TrainingConfig",
    "bracket_text",
    "bundled_card",
    "bundled_models",
    "cross_entropy",
    "load_model",
    "read_card",
    "read_corpus",
    "sample",
    "save_model",
    "snapshots",
    "split",
    "train",
    "untrained",
    "write_units",
]
