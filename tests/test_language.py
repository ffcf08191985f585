"""The language that students read: every sentence in the code has its Korean one, with the same values in it."""

import ast
import json
import re
import string

import pytest
from sentences import PACKAGE, sentences
from unmarked import said_by, unmarked, unmarked_in

from aescratch.foundations.language import (
    LANGUAGES,
    LOCALE,
    PACKED,
    VARIABLE,
    Phrase,
    Sentence,
    digest_of,
    gettext,
    in_language,
    in_this_language,
    language,
    told,
    with_sentences,
)

SENTENCE = re.compile(r"[a-z]{2}")  # others are formulas and names, the same in every language
PERCENT = re.compile(r"%\(\w+\)[sg]")  # a value that argparse puts in
# Sentences that may be English in every language: how "file: sentence" begins, and why.
ENGLISH = {
    "__init__.py: expected a unique name": "refuses a record of the formula sheet, which only authors of the package write",
    "backend/kernels.py: expected": "refuses a formula that can't be a kernel: its author reads it",
    "backend/machine_code.py": "makes the caller compute the formula as it stands; nobody reads it",
    "classroom/grading/absent.py: it uses": "a sentence of the confined process that stand_in.py reads, and tells in the language",
    "classroom/grading/channel.py": "says to stand_in.py alone what is invalid in the confined process's message",
    "classroom/grading/gradebooks.py: Grade can be changed": "a column of Moodle's file, by which it is known",
    "classroom/grading/landlock.py: Landlock": "an error of the confined process before it begins; grading takes it for a broken machine",
    "classroom/grading/stand_in.py": "the protocol of the confined process, and what a submission's own code can catch",
    "classroom/path/": "an exercise has the translations of its own sentences, in sentences.ko.md",
    "classroom/tab/runner.py: expected one of": "the page asks for something that doesn't exist",
    "datasets/found.py: apt-get": "a command to copy",
    "foundations/language.py: expected the language": "the language itself isn't valid",
    "foundations/sources.py: {} is not a folder": "tells Python to ask another finder; nobody reads it",
    "functions/affine.py: W[i,j] = ": "a formula",
    "functions/quantization.py: E[k,w] = ": "a formula",
    "inspection/tracing/language.py: expected an equation": "refuses a formula of the sheet: its author reads it",
    "inspection/tracing/loops.py: expected a formula": "refuses a formula of the sheet: its author reads it",
    "plots/lettering.py": "names of fonts",
    "programs/playground/recording.py: expected a formula": "refuses a formula of the sheet: its author reads it",
}
COMMAND = re.compile(r" *(aescratch|cd)\b.*")  # to copy, or the program's name before a sentence


def in_korean(sentence):
    """The sentence as the catalogue has it, without what an exercise brings along."""
    with in_language("ko"):
        return gettext(sentence)


def values_of(template):
    """The names of the values that a template takes, with how each is written."""
    if "{" not in template:
        return []
    fields = ((name, how, conversion or "") for _text, name, how, conversion in string.Formatter().parse(template) if name is not None)
    return sorted(fields)


def test_every_sentence_has_a_korean_one_with_the_same_values():
    missing, other = [], []
    for path, line, sentence in sentences():
        place, korean = f"{path.relative_to(PACKAGE)}:{line}", in_korean(sentence)
        if korean == sentence and SENTENCE.search(re.sub(r"{\w*}", "", sentence)):
            missing.append(f"{place}: {sentence}")
        elif values_of(korean) != values_of(sentence) or PERCENT.findall(korean) != PERCENT.findall(sentence):
            other.append(f"{place}: {korean}")
    assert not missing, "run python docs/make_catalogue.py, and translate:\n" + "\n".join(missing)
    assert not other


def test_every_sentence_that_is_raised_warned_printed_or_kept_is_marked_for_translation():
    spoken = [(path.relative_to(PACKAGE).as_posix(), said) for path, _, said in unmarked()]
    found = [f"{path}: {said}" for path, said in spoken if not (path.startswith("programs/") and COMMAND.fullmatch(said))]
    missed = [each for each in found if not each.startswith((*ENGLISH,))]
    assert not missed, "give these to gettext:\n" + "\n".join(missed)
    unused = [place for place in ENGLISH if not any(each.startswith(place) for each in found)]
    assert not unused, "these need no exception any more"


@pytest.mark.parametrize(
    "code",
    [
        "raise ValueError('expected one row')",
        "raise ValueError(f'expected {n}')",
        "raise TypeError(gettext('{what}; {advice}').format(what=kind, advice='pass an array'))",
        "warnings.warn('still falling', stacklevel=2)",
        "print(f'{n} rows', file=out)",
        "def f(n):\n    text = 'one row' if n else ''\n    text += '!'\n    raise ValueError(text)",
        "TEXT = {'a': 'one row'}\ndef f(n):\n    raise ValueError(TEXT.get(n))",
        "def why():\n    return 'one row'\ndef f():\n    raise ValueError(why())",
        "class A:\n    def f(self):\n        raise ValueError('one row')\nclass B:\n    def f(self): ...",
        "def f():\n    return ValueError('one row')",
        "class A(Exception):\n    def __init__(self):\n        super().__init__('one row')",
        "require_count('each row', n)",
        "lines = []\nlines.append(f'{n} rows are left out.')",
        "SAID = {'rows': 'Each has one row'}",
        "rows = ['', 'Each has one row' if n else '']",
        "said['rows'] = 'Each has one row'",
        "def f():\n    return [f'{n} rows are left out.' for n in counts]",
        "lines += ['{n} rows are left out.'.format(n=n)]",
    ],
)
def test_a_planted_sentence_without_a_mark_is_found(code):
    (found,) = unmarked_in(ast.parse(code))
    assert said_by(found) in (
        "expected one row", "expected {}", "pass an array", "still falling", "{} rows", "one row", "each row",
        "{} rows are left out.", "Each has one row", "{n} rows are left out.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        "raise ValueError(gettext('expected one row, got {n}').format(n=n))",
        "TEXT = gettext_noop('one row')\nraise ValueError(gettext(TEXT))",
        "def f():\n    message = gettext('one row')\n    raise ValueError(message)",
        "raise KeyError(name)",
        "raise AttributeError(f'{kind}.{name}')",
        "require_count('widths', n)",
        "print(f'{n:>8}  {m}')",
        "def f():\n    text = 'one row'\n    return text",
        "lines = [gettext('{n} rows are left out.').format(n=n), gettext_noop('Each has one row')]",
        "NAMES = ['one row', 'each of the rows']",
        "said = {'Each has one row': 1}",
    ],
)
def test_what_is_marked_or_no_sentence_is_not_found(code):
    assert not unmarked_in(ast.parse(code))


def test_the_packed_catalogue_is_that_of_the_text():
    pofile = pytest.importorskip("babel.messages.pofile")
    folder = LOCALE / "ko" / "LC_MESSAGES"
    with (folder / "aescratch.po").open("rb") as file:
        catalog = pofile.read_po(file, locale="ko")
    packed = json.loads((folder / PACKED).read_text(encoding="utf-8"))
    assert {digest_of(message.id): message.string for message in catalog if message.id and message.string} == packed


def test_no_two_sentences_have_the_same_digest():
    known = {sentence for *_, sentence in sentences()}
    assert len({digest_of(sentence) for sentence in known}) == len(known)
    with in_language("ko"):
        assert gettext("no such sentence \udc80") == "no such sentence \udc80"  # a file name that isn't UTF-8


def test_the_language_is_that_of_the_environment_and_english_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert language() == "en"
    monkeypatch.setenv(VARIABLE, "ko")
    assert language() == "ko"
    assert gettext("no such sentence") == "no such sentence"
    monkeypatch.setenv(VARIABLE, "de")
    with pytest.raises(ValueError, match="expected the language en or ko in AESCRATCH_LANGUAGE, got 'de'"):
        language()
    with in_language("ko"):
        (tmp_path / "hints.md").write_text("hint")
        assert in_this_language(tmp_path / "hints.md").name == "hints.md"
        (tmp_path / "hints.ko.md").write_text("힌트", encoding="utf-8")
        assert in_this_language(tmp_path / "hints.md").name == "hints.ko.md"
    assert LANGUAGES == ("en", "ko")
    with pytest.raises(ValueError, match="language"):
        language()


def test_sentences_of_ones_own_come_first_for_the_block_and_english_stays_english():
    known = next(sentence for *_, sentence in sentences())
    with in_language("ko"):
        with with_sentences({known: "다른 말"}):
            assert gettext(known) == "다른 말"
        assert gettext(known) == in_korean(known) != known
    with in_language("en"):
        assert gettext(known) == known


def test_a_phrase_is_told_with_all_that_is_in_it():
    known, other = [sentence for *_, sentence in sentences() if "{" not in sentence][:2]
    with in_language("ko"):
        assert told(Phrase("{}: {}²", Phrase(known), 3)) == f"{in_korean(known)}: 3²"
        assert told(Phrase("{what}!", what=Phrase(other))) == f"{in_korean(other)}!"
        assert told(Phrase(Phrase(known))) == in_korean(known)


def test_nothing_stays_nothing_in_every_language():
    for chosen in LANGUAGES:
        with in_language(chosen):
            assert gettext("") == told(Phrase("")) == told(Sentence("")) == ""
