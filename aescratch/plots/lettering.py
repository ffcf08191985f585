"""The words in pictures: Korean if that is the language and a font has Hangul, otherwise English.

    language --hangul_font--> a font's family --legible--> words that gettext returns, in letters that can be drawn
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator
from typing import Any

from aescratch.foundations.language import gettext, in_language, language
from aescratch.foundations.platforms import has_processes

# Of Debian and other systems' packages, of Windows, of macOS; of a collection, matplotlib lists the first font only.
FAMILIES = (
    "Noto Sans CJK KR", "Noto Sans KR", "Noto Sans CJK JP", "Source Han Sans KR", "NanumGothic", "Nanum Gothic",
    "NanumBarunGothic", "NanumSquare", "Pretendard", "UnDotum", "Baekmuk Dotum", "Malgun Gothic",
    "Apple SD Gothic Neo", "AppleGothic",
)  # fmt: skip
SYLLABLE = "가"
HANGUL = re.compile("[가-힣]")


def hangul_font() -> str | None:
    """Return the family of an installed font that has Hangul, the user's own first, or None."""
    from matplotlib import rcParams

    return next((family for family in (*rcParams["font.family"], *FAMILIES) if _has_hangul(family)), None)


def _has_hangul(family: str) -> bool:
    from matplotlib import font_manager

    try:
        path = font_manager.findfont(font_manager.FontProperties(family=[family]), fallback_to_default=False)
    except ValueError:
        return False
    return font_manager.get_font(path).get_char_index(ord(SYLLABLE)) > 0


@contextlib.contextmanager
def legible() -> Iterator[None]:
    """Within the block, let `gettext` return words that can be drawn, and draw new texts in a font that has them.

    Without a font for Korean, the words are English, and a warning tells what to install, once.
    """
    if language() == "en":
        yield
        return
    from matplotlib import get_cachedir, rc_context, rcParams

    font = hangul_font()
    if font:
        with rc_context({"font.family": [*rcParams["font.family"], font]}):
            yield
        return
    if has_processes():  # a browser's Python has the fonts that came with it
        sentence = gettext(
            "no font with Hangul was found, so the words in figures are English; install one, such as NanumGothic "
            "(on Debian and Ubuntu: apt install fonts-nanum), and delete matplotlib's list of fonts in {folder}"
        )
        warnings.warn(sentence.format(folder=get_cachedir()), UserWarning, stacklevel=1)
    with in_language("en"):
        yield


def drawable(text: str) -> str:
    """Return a text from before the block of `legible`, or nothing if it is Korean and no font has its letters."""
    return text if language() != "en" or not HANGUL.search(text) else ""


def lettering() -> dict[str, Any]:
    """Return the property of a text that was there before the block of `legible`, such as the name of an axis."""
    from matplotlib import rcParams

    return {} if language() == "en" else {"fontfamily": rcParams["font.family"]}
