"""From a torch module and its inputs to a trace of everything its recurrent layers did."""

from rnnviz_widget.recording.recorder import TextModel, record, record_batch
from rnnviz_widget.recurrent.registry import register_cell

__all__ = ["TextModel", "record", "record_batch", "register_cell"]
