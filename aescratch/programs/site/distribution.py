"""The interpreter in the browser: Pyodide, of one version, from where its documentation says or from a folder.

    --pyodide FOLDER --needed files, each compared with its hash--> SITE/pyodide/
    --pyodide URL, or none -> an address;   in both cases the page gets the hashes, and takes nothing else
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from aescratch.foundations.language import gettext

VERSION = "0.27.7"
ADDRESS = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
LOCK = "pyodide-lock.json"  # has the hash of every package; its own is below
CORE = {  # SHA-256 and bytes, of the files of this version
    "pyodide.mjs": ("04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f", 13_931),
    "pyodide.asm.js": ("6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51", 1_255_688),
    "pyodide.asm.wasm": ("a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f", 10_105_545),
    "python_stdlib.zip": ("16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16", 2_360_737),
    LOCK: ("9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c", 112_205),
}
NUMPY = {"numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl": 3_061_133}
EXERCISES = ("numpy",)  # what the exercises need, and every page
TUTORIALS = ("matplotlib",)  # what the tutorials need besides
FOLDER = "pyodide"  # in the site


class DistributionError(ValueError):
    """A folder doesn't hold the interpreter that a site needs; the message is one sentence for its teacher."""


class Distribution(NamedTuple):
    """Where the pages find the interpreter: an address, or a folder beside them."""

    address: str
    folder: Path | None = None  # that it is copied from


def distribution_of(word: str | None) -> Distribution:
    """Return what ``--pyodide`` says: an address, a folder, or nothing, for where Pyodide's documentation says."""
    if word is None:
        return Distribution(ADDRESS)
    if word.startswith(("https://", "http://")):
        return Distribution(word if word.endswith("/") else f"{word}/")
    folder = Path(word)
    if not folder.is_dir():
        sentence = gettext(
            "expected a folder or an address (https://...) of Pyodide {version}, got {word!r}, which is neither; check "
            "the path"
        )
        raise DistributionError(sentence.format(version=VERSION, word=word))
    return Distribution(f"{FOLDER}/", folder)


def integrity() -> dict[str, str]:
    """Return the hash of each file of the interpreter, as browsers take it; its packages have theirs in the lock."""
    return {name: _as_browsers_take_it(bytes.fromhex(digest)) for name, (digest, _) in CORE.items()}


def sha256_of(data: bytes) -> str:
    """Return the hash of other data in the same form."""
    return _as_browsers_take_it(hashlib.sha256(data).digest())


def sizes() -> dict[str, int]:
    """Return the bytes of each file that the exercises need, for the bar of progress."""
    return {name: size for name, (_, size) in CORE.items()} | NUMPY


def _as_browsers_take_it(digest: bytes) -> str:
    return f"sha256-{base64.b64encode(digest).decode()}"


def copy_into(source: Path, site: Path) -> None:
    """Copy what a site needs from a folder with the distribution.

    A `DistributionError` names a file that is missing, or isn't the one that this version has.
    """
    (site / FOLDER).mkdir()
    for name, digest in needed(source).items():
        path = source / name
        if not path.is_file():
            sentence = gettext("expected {name} in {source}, got none; take the full distribution of {version}")
            raise DistributionError(sentence.format(name=name, source=source, version=VERSION))
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != digest:
            sentence = gettext(
                "expected {path} to be that of Pyodide {version}, with the SHA-256 {digest}..., got {found}...; "
                "download that version again"
            )
            raise DistributionError(
                sentence.format(path=path, version=VERSION, digest=digest[:12], found=found[:12])
            )
        shutil.copyfile(path, site / FOLDER / name)


def needed(source: Path) -> dict[str, str]:
    """Return the files that a site needs, and the SHA-256 of each: the interpreter, and its packages with theirs."""
    path = source / LOCK
    if not path.is_file():
        sentence = gettext("expected {name} in {source}, got none; name the folder of the distribution")
        raise DistributionError(sentence.format(name=LOCK, source=source))
    files = {name: digest for name, (digest, _) in CORE.items()}
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
        version = lock["info"]["version"]
        if version == VERSION:
            files |= {entry["file_name"]: entry["sha256"] for entry in _with_what_they_need(lock["packages"])}
    except (ValueError, KeyError, TypeError) as error:
        sentence = gettext("expected {path} to be Pyodide's, but it can't be read; download it again")
        raise DistributionError(sentence.format(path=path)) from error
    if version != VERSION:
        sentence = gettext("expected Pyodide {expected} in {source}, got {version}; take the version {expected}")
        raise DistributionError(sentence.format(expected=VERSION, source=source, version=version))
    return files


def _with_what_they_need(packages: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of the packages that pages load, and of what these need in turn."""
    wanted = [*EXERCISES, *TUTORIALS]
    found: dict[str, dict[str, Any]] = {}
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = packages[name]
            wanted += packages[name]["depends"]
    return [found[name] for name in sorted(found)]
