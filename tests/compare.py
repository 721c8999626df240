"""How tests compare texts across data sets."""

import re
import unicodedata


def squashed(text: str) -> str:
    """Return the text without spaces and punctuation, in NFC."""
    return re.sub(r"\W", "", unicodedata.normalize("NFC", text))
