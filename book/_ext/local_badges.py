"""Sphinx extension: the Colab badge of the notebooks is shown from our own file (operations, taught nowhere).

In Colab and on GitHub the badge comes from Google's server; the site asks no other server for anything.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
OURS = "/book/_static/colab-badge.svg"


class LocalBadge(SphinxTransform):
    """Point images of the badge at ``book/_static/colab-badge.svg``."""

    default_priority = 200

    def apply(self) -> None:
        """Change the address of each such image in the page."""
        for image in self.document.findall(nodes.image):
            if image["uri"] == BADGE:
                image["uri"] = OURS


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_transform(LocalBadge)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
