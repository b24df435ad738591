"""A network as a page runs it, and the proof that it is the same one."""

from rnnviz_widget.network.conversion import NotPortableError, portable
from rnnviz_widget.network.format import Layer, Portable, Proof

__all__ = ["Layer", "NotPortableError", "Portable", "Proof", "portable"]
