"""The package as a wheel: what pip installs from a file, without a repository.

    the package's files, as they are here, and what it needs -> aescratch-VERSION-py3-none-any.whl
"""

import base64
import configparser
import hashlib
import zipfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import aescratch as ae
from aescratch.classroom.packaging.carried import add, carried
from aescratch.foundations.files import whole_file

NAME = f"aescratch-{ae.__version__}-py3-none-any.whl"
TAG = "Wheel-Version: 1.0\nGenerator: aescratch\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
SCRIPT = "[console_scripts]\naescratch = aescratch.programs.cli:main\n"


def requirements() -> tuple[str, list[str]]:
    """Return which Python this package needs, and which packages, as its own metadata say."""
    settings = Path(ae.__file__).resolve().parents[1] / "setup.cfg"
    if settings.is_file():  # of a clone, whatever was installed from it when
        found = configparser.ConfigParser()
        found.read(settings, encoding="utf-8")
        return found["options"]["python_requires"], found["options"]["install_requires"].split()
    needs = [need for need in metadata.requires("aescratch") or () if "extra ==" not in need]
    return metadata.metadata("aescratch")["Requires-Python"], needs


def write_wheel(folder: Path, holds: Callable[[str], bool] = lambda name: True) -> Path:
    """Write the wheel into a folder, the same to the byte for the same package, and return its path.

    `holds` says which of the package's files are in it, by their names from ``aescratch/`` on.
    """
    python, needs = requirements()
    head = ["Metadata-Version: 2.1", "Name: aescratch", f"Version: {ae.__version__}", f"Requires-Python: {python}"]
    described = "\n".join([*head, *(f"Requires-Dist: {need}" for need in needs)]) + "\n"
    about = f"aescratch-{ae.__version__}.dist-info"
    files = {name.removeprefix("package/"): path for name, path in carried()}
    contents = {name: path.read_bytes() for name, path in files.items() if holds(name)}
    for name, text in {"METADATA": described, "WHEEL": TAG, "entry_points.txt": SCRIPT}.items():
        contents[f"{about}/{name}"] = text.encode()
    rows = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in contents.items()]
    contents[f"{about}/RECORD"] = "\n".join([*rows, f"{about}/RECORD,,"]).encode() + b"\n"
    with whole_file(folder / NAME) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            add(archive, name, data, 0o644)
    return folder / NAME


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
