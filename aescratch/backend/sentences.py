"""The sentences of this room in the language that students read.

The catalogue is in the room above, foundations/language.py, and imports go downward only: it gives its `gettext` to
this file when it is imported.
"""

from collections.abc import Callable

_translation: Callable[[str], str] = str


def gettext(sentence: str) -> str:
    """Return a sentence, or a template of one, in the language in force."""
    return _translation(sentence)


def translate_by(translation: Callable[[str], str]) -> None:
    """Let `gettext` ask this function from now on."""
    global _translation
    _translation = translation
