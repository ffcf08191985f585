"""The package as a wheel, which pip installs from a file, without a package index.

    the installed package's files, and its requirements -> aescratch-VERSION-py3-none-any.whl
"""

import base64
import configparser
import functools
import hashlib
import zipfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import aescratch as ae
from aescratch.classroom.packaging.carried import PACKAGE, add, files_in
from aescratch.foundations.files import whole_file

ROOT = Path(ae.__file__).resolve().parents[1]
NAME = f"aescratch-{ae.__version__}-py3-none-any.whl"
TAG = "Wheel-Version: 1.0\nGenerator: aescratch\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
SCRIPT = "[console_scripts]\naescratch = aescratch.programs.cli:main\n"


def requirements() -> tuple[str, list[str]]:
    """Return the Python version and the packages that this package requires, from its own metadata."""
    if settings := _settings_of_clone():
        return settings["options"]["python_requires"], settings["options"]["install_requires"].split()
    needs = [need for need in metadata.requires("aescratch") or () if "extra ==" not in need]
    return metadata.metadata("aescratch")["Requires-Python"], needs


@functools.cache
def _settings_of_clone() -> configparser.ConfigParser | None:
    """Return setup.cfg of a clone, whose installed metadata may be older, read once; None for an installed package."""
    settings = configparser.ConfigParser()
    return settings if settings.read(ROOT / "setup.cfg", encoding="utf-8") else None


def licences() -> dict[str, bytes]:
    """Return the texts of the licences of what is in the wheel, by the files' names, as its own metadata list them."""
    if settings := _settings_of_clone():
        patterns = settings["metadata"]["license_files"].split()
        paths = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
        return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    files = [file for file in metadata.files("aescratch") or () if ".dist-info/licenses/" in file.as_posix()]
    return {file.as_posix().partition("/licenses/")[2]: Path(str(file.locate())).read_bytes() for file in files}


def write_wheel(folder: Path, holds: Callable[[str], bool] = lambda name: True) -> Path:
    """Write the wheel into a folder, and return its path; the same package gives the same bytes.

    `holds` tells which of the package's files are in it, by their names from ``aescratch/`` on. As in a released wheel,
    catalogues are there only as they are read (.json), not as they are written (.po).
    """
    python, needs = requirements()
    head = ["Metadata-Version: 2.1", "Name: aescratch", f"Version: {ae.__version__}", f"Requires-Python: {python}"]
    described = "\n".join([*head, *(f"Requires-Dist: {need}" for need in needs)]) + "\n"
    about = f"aescratch-{ae.__version__}.dist-info"
    files = {path.relative_to(PACKAGE.parent).as_posix(): path for path in files_in(PACKAGE) if path.suffix != ".po"}
    contents = {name: path.read_bytes() for name, path in files.items() if holds(name)}
    for name, text in {"METADATA": described, "WHEEL": TAG, "entry_points.txt": SCRIPT}.items():
        contents[f"{about}/{name}"] = text.encode()
    contents.update((f"{about}/licenses/{name}", text) for name, text in sorted(licences().items()))
    rows = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in contents.items()]
    contents[f"{about}/RECORD"] = "\n".join([*rows, f"{about}/RECORD,,"]).encode() + b"\n"
    with whole_file(folder / NAME) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            add(archive, name, data, 0o644)
    return folder / NAME


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
