"""Sphinx's settings; `tests.docs.build` lays the sources out and starts it."""

from __future__ import annotations

import rnnviz_widget

project = "rnnviz-widget"
author = "rnnviz-widget contributors"
copyright = author  # noqa: A001  (Sphinx's own name)
release = rnnviz_widget.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme = "furo"
html_title = "rnnviz-widget"
html_copy_source = False
html_static_path = ["frames"]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
# `name` in a docstring is code, not a reference to be resolved.
default_role = "code"
