"""The help of every command in Korean: no English is left but names and examples, and wide letters count as two columns."""

import re

import pytest

from aescratch.foundations.columns import columns_of
from aescratch.foundations.language import gettext, in_language
from aescratch.programs.cli import main
from aescratch.programs.cli.exercises import ACTIONS
from aescratch.programs.cli.program import COMMANDS

HANGUL = re.compile("[가-힣]")
ENGLISH = re.compile(r"(?<![-\w])(?:the|is|are|of|and|or|for|an|to|with|which|default|its|by|this|usage|options|examples)\b")
WORDS = [[], *([name] for name in COMMANDS), *(["exercises", name] for name in ACTIONS)]
WIDTH = 70


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_help_is_korean_and_aligned(words, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    assert main([*words, "--help"]) == 0
    english = capsys.readouterr().out
    assert main(["--language", "ko", *words, "--help"]) == 0
    korean = capsys.readouterr().out
    assert not HANGUL.search(english)
    usage, _, body = korean.partition("\n\n")
    assert usage.startswith("사용법: aescratch ")
    for line in usage.splitlines()[1:]:
        assert line[:8] == " " * 8, usage  # below the command's name, 사용법: being eight columns wide
    assert "\0" not in korean
    lines = [line for line in body.splitlines() if not re.match(r" +(?:aescratch|mpirun|python|echo) ", line)]
    assert any(map(HANGUL.search, lines))
    for line in lines:
        assert not ENGLISH.search(line), line
    assert "[options]" not in usage
    for line in re.findall(r"^  -.{20}  (.*)$|^ {24}(\S.*)$", body, flags=re.MULTILINE):
        assert columns_of("".join(line)) <= WIDTH - 24, line
    options = [re.findall(r"^  (-h, --help|--[a-z-]+)", text, flags=re.MULTILINE) for text in (english, korean)]
    assert options[0] == options[1]


@pytest.mark.parametrize("label", ["loss, every term", "SSE per example", "SSE of always answering the mean", "SSE of PCA, same width",
                                    "constant units", "accuracy"])  # fmt: skip
def test_what_evaluate_explains_has_the_name_that_it_prints(label, capsys):
    assert main(["--language", "ko", "evaluate", "--help"]) == 0
    with in_language("ko"):
        assert f"  {gettext(label)}  " in capsys.readouterr().out


REFUSED = {
    "train sparsee": "인자 VARIANT: 다음 가운데 하나여야 한다: vanilla, linear, ",
    "train vanilla --code": "인자 --code: 값이 하나 있어야 한다",
    "train vanilla --code x": "인자 --code: 수여야 한다. 주어진 값: 'x' (도움말: aescratch train --help)",
    "train vanilla nothing.csv": "이런 파일도 데이터 세트도 없다: 'nothing.csv'",
    "trian": "이런 명령은 없다: 'trian'. 혹시 train인가?",
    "train vanilla --epoch 3": "이런 옵션은 없다: --epoch. 혹시 --epochs인가?",
    "encode": "다음 인자가 필요하다: ",
    "--language de tour": "--language 뒤에는 en 또는 ko만 올 수 있다. 주어진 값: 'de'",
}  # fmt: skip


@pytest.mark.parametrize("words", REFUSED)
def test_errors_that_stop_a_command_are_in_korean(words, capsys):
    with in_language("ko"):
        assert main(words.split()) == 2
    korean = capsys.readouterr().err
    assert korean.startswith(f"aescratch: {REFUSED[words]}")
    assert main(words.split()) == 2
    assert not HANGUL.search(capsys.readouterr().err)
