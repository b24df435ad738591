"""Which unit follows a label, measured with controls that can say "none"."""

from rnnviz_widget.ranking.chance import Chance
from rnnviz_widget.ranking.entry import Detail, Entry
from rnnviz_widget.ranking.marked import MarkedRanking, marked_label, rank_marked, score_marked
from rnnviz_widget.ranking.rank import rank_units
from rnnviz_widget.ranking.report import Ranking
from rnnviz_widget.ranking.splits import Extent

__all__ = [
    "Chance",
    "Detail",
    "Entry",
    "Extent",
    "MarkedRanking",
    "Ranking",
    "marked_label",
    "rank_marked",
    "rank_units",
    "score_marked",
]
