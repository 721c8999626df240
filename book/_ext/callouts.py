"""Sphinx extension: block quotes that begin with **참고** or **주의** become callouts (operations, taught nowhere).

Colab and GitHub show them as ordinary block quotes, which is why notebooks use them and not MyST directives.
"""

from docutils import nodes
from sphinx.application import Sphinx

KINDS = {"참고": "note", "주의": "warning"}


def mark_callouts(app: Sphinx, doctree: nodes.document) -> None:
    """Add the classes ``callout callout-<kind>`` to every block quote that opens with one of the bold words."""
    for quote in doctree.findall(nodes.block_quote):
        first = next(quote.findall(nodes.strong), None)
        opening = quote.astext().lstrip()
        for word, kind in KINDS.items():
            if first is not None and opening.startswith(word) and first.astext().startswith(word):
                quote["classes"] += ["callout", f"callout-{kind}"]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to the reading of each page."""
    app.connect("doctree-read", mark_callouts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
