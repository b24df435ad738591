"""Pages that need neither kernel nor network."""

from rnnviz_widget.export.frame import Frame
from rnnviz_widget.export.pages import STATIC, Fragment, Page, SavedPage, head, page
from rnnviz_widget.export.publishing import Publishing, Snapshot

__all__ = [
    "STATIC",
    "Fragment",
    "Frame",
    "Page",
    "Publishing",
    "SavedPage",
    "Snapshot",
    "head",
    "page",
]
