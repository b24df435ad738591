"""The table of torch's cells, by what torch calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnnviz_widget.recurrent.gru import GRU
from rnnviz_widget.recurrent.lstm import LSTM
from rnnviz_widget.recurrent.rnn import RNN, ReluRNN

if TYPE_CHECKING:
    from rnnviz_widget.recurrent.cell import Cell, Mode

CELLS: dict[Mode, Cell] = {cell.mode: cell for cell in (RNN(), ReluRNN(), GRU(), LSTM())}
"""Each cell by `torch.nn.RNNBase.mode`."""
