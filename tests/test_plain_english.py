"""Phrases that once stood in the text and must not come back, because a reader stops at them.

Each is a regular expression of a few words, with what to write instead; add yours to the list that fits. Texts are searched
without line breaks and without the marks of comments.
"""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]

EVERYWHERE = {  # README, pages, tutorials, the package and the tests
    r"worth (its|their) price": "costs more than it gains",
    r"\bha(s|ve) a say\b": "contributes",
    r"\bleft where it is\b": "kept fixed",
    r"there is more to say of": "needs more than",
    r"\bAimed at\b": "the goal was",
    r"\blearnt by heart": "stored",
    r"the answer of `?check": "the feedback of check",
    r"\bSay you had\b": "suppose",
    r"\bhas a meaning for\b": "is valid for",
    r"\bbe it (kept|tiny)\b": "even if it is",
    r"the finer screws": "the details",
    r"\bno more than what you\b": "not more than",
}
ON_PAGES = {  # README, pages, tutorials and exercises
    r"\b[Ww]hoever\b": "if you; a student who; someone who",
    r"\b[Nn]obody (asks|asked for|needs)\b": "isn't needed",
    r"\b[Ss]omebody (wrote|averaged|averages|puts)\b": "the code; a source that",
    r"\bturn(s|ed) round\b": "reversed",
    r"\bin the place of\b": "instead of",
    r"\b(written|made|judged|measures it|makes it|writes it) anew\b": "again",
    r"\bgoes? on where\b": "resumes",
    r"\bstands? in the (derivative|place)": "replaces",
    r"\bwhat is particular to\b": "what it adds",
    r"\bthe like\b": "similar",
    r"\banswered with\b": "gets",
    r"\bhands? (it |a gradient )?on\b": "passes on",
    r"\btold (of|apart)\b": "reported; distinguished",
    r"\bleft to itself\b": "by default",
    r"\bstands? beside\b": "is next to",
    r"\blooks? whether\b": "checks that",
    r"\bwhat (went into|goes in|went in)\b": "the input of",
    r"\basks? for (something|nothing) else\b": "has a different objective",
    r"\bbeside (it|them|that|this)\b": "in addition; next to",
    r"\ball else\b": "everything else",
    r"\bsays nothing\b": "carries no information",
    r"\bare made of\b": "are computed from",
    r"\bwhat \w+ is made of\b": "how it is computed",
    r"\bspoilt\b": "damaged; overwritten",
    r"\bcomes? along\b": "is included",
    r"\b(why|as|if|what) one (wants|compresses|sees|met)\b": "we; you",
    r"\bis met as\b": "counts as",
    r"\bof no use\b": "invalid",
    r"\bisn't withstood\b": "isn't prevented",
    r"\bhears? (nothing|only|the loudest)\b": "gets no information; is dominated by",
    r"\bis done, and stays as it is\b": "is trained and no longer changes",
    r"\bpays for (every|all)\b": "has a cost",
}

PAGES = ("*.md", "docs/**/*.md", "docs/**/*.rst", "tutorials/*.py")
PAGES += tuple(f"aescratch/classroom/{folder}/**/*.{kind}" for folder in ("path", "template") for kind in ("md", "py"))
CODE = ("aescratch/**/*.py", "aescratch/**/*.js", "tests/**/*.py", "docs/**/*.py")
LEFT_OUT = {ROOT / "CHANGELOG.md", ROOT / "README.ko.md", ROOT / "docs" / "ko" / "index.md", ROOT / "docs" / "ko" / "glossary.md"}
LEFT_OUT |= {pathlib.Path(__file__).resolve()}


@pytest.mark.parametrize(("phrases", "patterns"), [(EVERYWHERE, PAGES + CODE), (ON_PAGES, PAGES)], ids=["everywhere", "on pages"])
def test_phrases_that_read_as_translated_do_not_come_back(phrases, patterns):
    paths = {path for pattern in patterns for path in ROOT.glob(pattern)} - LEFT_OUT
    assert len(paths) > 200
    found = []
    for path in sorted(paths):
        text = re.sub(r"\s+(?:#|//)?\s*", " ", path.read_text(encoding="utf-8"))
        for phrase, instead in phrases.items():
            for match in re.finditer(phrase, text):
                around = text[max(0, match.start() - 30) : match.end() + 30]
                found.append(f"{path.relative_to(ROOT)}: ...{around}... (write: {instead})")
    assert not found, "\n".join(found)


def rows_of(name):
    """The rows of a page's tables of three columns, without the heads."""
    return re.findall(r"^\| (?!term|한국어|---)(.+?) \| (.+?) \| (.+?) \|$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)


def test_the_vocabulary_and_the_korean_glossary_agree():
    korean = {english: word for word, english, _ in rows_of("docs/ko/glossary.md")}
    terms = {term: word for term, _, word in rows_of("docs/reference/vocabulary.md")}
    assert len(terms) == len(rows_of("docs/reference/vocabulary.md")) > 90
    assert len(terms.keys() & korean.keys()) > 50
    assert {term: word for term, word in terms.items() if korean.get(term, word) != word} == {}


STEP = re.compile(r"학습 (한 |\d+|{n} ?)?단계|(한|첫|[세네]|첫째) 걸음")  # one update of the parameters is a 스텝


def test_a_training_step_has_one_korean_word():
    """단계 is a stage of a procedure, as the vocabulary says; the pages of the optimisers' exercises have steps only."""
    texts = [*ROOT.glob("aescratch/**/*.ko.*"), *ROOT.glob("aescratch/**/*.po"), *ROOT.glob("docs/**/ko/**/*.md"), ROOT / "README.ko.md"]
    assert len(texts) > 100
    found = [(path.name, said[0]) for path in texts for said in STEP.finditer(path.read_text("utf-8"))]
    allowed = [("week3.md", "한 걸음")]  # the move of a denoised point isn't an update
    assert found == allowed
    for name in ("23_momentum_descent", "24_adam_step"):
        for path in (ROOT / "aescratch/classroom/path" / name).glob("*.ko.md"):
            assert "단계" not in path.read_text("utf-8"), path
    assert "단계" not in (ROOT / "aescratch/programs/playground/strings.ko.json").read_text("utf-8")
