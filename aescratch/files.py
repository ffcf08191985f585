"""Files: models and checkpoints as npz archives, a JSON header and plain arrays, written whole or not at all.

    model --describe--> header + arrays --write_archive--> temporary file --rename--> path
    path --read_archive--> header + arrays --rebuild--> model

Nothing is pickled, so opening a file never runs code from it. The header names the format's version and the classes of
this package that it holds; whatever a file holds beyond that is refused with `FileFormatError`.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from aescratch.backend import Array, to_numpy
from aescratch.recipes import describe, rebuild

FORMAT_VERSION = 1
HEADER = "header"


class FileFormatError(ValueError):
    """A file is damaged, truncated, or not one that aescratch wrote."""


def write_archive(path: str | os.PathLike[str], header: dict[str, Any], arrays: dict[str, Array]) -> None:
    """Write a header and arrays to path, whole or not at all.

    The archive is written to a temporary file beside path, flushed to the disk and renamed, so whatever interrupts it
    leaves the old file as it was.

    Raises
    ------
    OSError
        If the folder isn't there or can't be written to.
    """
    path = Path(path)
    text = json.dumps({"format": FORMAT_VERSION, **header})
    members = {HEADER: np.frombuffer(text.encode(), np.uint8)}
    members.update({name: to_numpy(array) for name, array in arrays.items()})
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            np.savez(stream, allow_pickle=False, **members)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The permissions that new files are denied; a temporary file starts with fewer than a normal one."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_archive(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the header and the arrays of an archive of this kind.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it isn't a whole archive that `write_archive` wrote, is of another kind, or of a later format.
    """
    try:
        _require_stored(path)
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(arrays.pop(HEADER).tobytes())
        version, found = header["format"], header["kind"]
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, MemoryError, RecursionError,
            NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:  # fmt: skip
        raise FileFormatError(
            f"expected a {kind} that aescratch saved, but {os.fspath(path)} is damaged, truncated or something else "
            f"({type(error).__name__}: {error}); save it again"
        ) from error
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise FileFormatError(
            f"expected format {FORMAT_VERSION} or older, but {os.fspath(path)} has format {version!r}; "
            "open it with a newer aescratch"
        )
    if found != kind:
        raise FileFormatError(f"expected a {kind}, but {os.fspath(path)} holds a {found}; open it as what it is")
    return header, arrays


def _require_stored(path: str | os.PathLike[str]) -> None:
    """Refuse compressed members, which we never write: a small file could unpack to any size."""
    size = os.path.getsize(path)
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > size:
                raise ValueError(f"member {member.filename!r} is compressed or larger than the file")


def save_model(model: Any, path: str | os.PathLike[str]) -> None:
    """Save a model: its settings, its values, and the state of its noise.

    Raises
    ------
    TypeError
        If the model is built on a class that isn't ours, which a file could not bring back.
    """
    header = {"kind": "model", "model": describe(model), "rng": model.rng.bit_generator.state}
    write_archive(path, header, {parameter.name: parameter.value for parameter in model.parameters})


def load(path: str | os.PathLike[str]) -> Any:
    """Return the model that ``model.save(path)`` saved.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    A model of the class that was saved, on the CPU.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged, truncated or foreign.

    Examples
    --------
    >>> import os, tempfile
    >>> import aescratch as ae
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.npz")
    ...     ae.Autoencoder([5, 3], rng=0).save(path)
    ...     print(load(path).widths)
    [5, 3]
    """
    header, arrays = read_archive(path, "model")
    try:
        _require_plausible(header["model"], sum(array.size for array in arrays.values()))
        model = rebuild(header["model"])
        place(model, arrays)
        model.rng.bit_generator.state = header["rng"]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError, OverflowError) as error:
        raise FileFormatError(
            f"expected a model that aescratch saved, but the contents of {os.fspath(path)} make no model "
            f"({type(error).__name__}: {error}); save it again"
        ) from error
    return model


def place(model: Any, arrays: dict[str, Array]) -> None:
    """Put arrays, by name, into the parameters of a model; all must be there, and of the right shape and kind."""
    names = [parameter.name for parameter in model.parameters]
    if sorted(names) != sorted(arrays):
        raise ValueError(f"expected the arrays {sorted(names)}, got {sorted(arrays)}")
    for parameter in model.parameters:
        array = arrays[parameter.name]
        if array.dtype != parameter.value.dtype:
            raise ValueError(f"expected {parameter.name} in {parameter.value.dtype}, got {array.dtype}")
        if not np.isfinite(array).all():
            raise ValueError(f"expected finite numbers in {parameter.name}")
        parameter.value = array


def _require_plausible(description: Any, stored: int) -> None:
    """Refuse widths that need more weights than the file holds, before anything of that size is made."""
    settings = description["with"]
    if "autoencoder" in settings:
        _require_plausible(settings["autoencoder"], 2 * stored)  # a classifier doesn't hold the decoder
        return
    widths = settings["widths"]
    needed = sum(n_in * n_out for n_in, n_out in zip(widths[:-1], widths[1:], strict=True))
    if needed > stored:
        raise ValueError(f"widths {widths} need {needed} weights, the file holds {stored}")
