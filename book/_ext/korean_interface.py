"""Sphinx extension: the interface words of the themes in Korean (operations, taught nowhere).

pydata-sphinx-theme has no Korean catalogue and sphinx-book-theme's is incomplete. The catalogues in
``book/_locale`` come before theirs; what they leave out falls through to Sphinx's own Korean.
"""

import gettext
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from sphinx.application import Sphinx
from sphinx.locale import translators

LOCALE = Path(__file__).parents[1] / "_locale"
DOMAINS = ("sphinx", "booktheme")


def read_catalogue(domain: str) -> gettext.GNUTranslations:
    """Return the catalogue ``book/_locale/<domain>.po``, compiled in memory."""
    with (LOCALE / f"{domain}.po").open("rb") as source:
        catalogue = read_po(source, locale="ko", domain=domain, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def setup(app: Sphinx) -> dict[str, bool]:
    """Put our catalogues in front of those already loaded."""
    for domain in DOMAINS:
        ours = read_catalogue(domain)
        if ("general", domain) in translators:
            ours.add_fallback(translators["general", domain])
        translators["general", domain] = ours
    app.translator = translators["general", "sphinx"]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
