"""Pages that need neither kernel nor network."""

from rnnviz_widget.export.documents import document, style_sheet
from rnnviz_widget.export.frame import Contents, Frame
from rnnviz_widget.export.pack import (
    Budget,
    TooLargeError,
    json_for_script,
    pack,
    pack_plain,
)
from rnnviz_widget.export.pages import (
    LIMIT,
    STATIC,
    Fragment,
    Page,
    PageItem,
    SavedPage,
    framed,
    head,
    page,
    pieces_of,
)
from rnnviz_widget.export.policy import content_policy
from rnnviz_widget.export.still import opening_picture

__all__ = [
    "LIMIT",
    "STATIC",
    "Budget",
    "Contents",
    "Fragment",
    "Frame",
    "Page",
    "PageItem",
    "SavedPage",
    "TooLargeError",
    "content_policy",
    "document",
    "framed",
    "head",
    "json_for_script",
    "opening_picture",
    "pack",
    "pack_plain",
    "page",
    "pieces_of",
    "style_sheet",
]
