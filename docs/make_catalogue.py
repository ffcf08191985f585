"""Bring the Korean catalogue up to date with the sentences in the code, and compile it.

    python docs/make_catalogue.py          needs Babel: pip install babel

Sentences that are new get an empty translation, those that are gone are dropped; translate in aescratch.po and run it
again. tests/test_language.py fails while one is missing.
"""

import pathlib
import sys

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = pathlib.Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from sentences import sentences  # noqa: E402

FOLDER = ROOT / "aescratch" / "data" / "locale" / "ko" / "LC_MESSAGES"


def template():
    """Return the sentences of the code, with their files."""
    found = Catalog(fuzzy=False)
    for path, _, sentence in sentences():
        found.add(sentence, locations=[(path.relative_to(ROOT).as_posix(), None)])
    return found


def main():
    """Write aescratch.po and aescratch.mo."""
    path = FOLDER / "aescratch.po"
    with path.open("rb") as file:
        catalog = read_po(file, locale="ko")
    catalog.update(template(), no_fuzzy_matching=True)
    catalog.fuzzy = False
    with path.open("wb") as file:
        plain = {"omit_header": True, "ignore_obsolete": True, "include_lineno": False, "sort_output": True}
        write_po(file, catalog, width=120, **plain)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    missing = [message.id for message in catalog if message.id and not message.string]
    print(f"{len(catalog)} sentences, {len(missing)} without a translation")
    return len(missing) > 0


if __name__ == "__main__":
    sys.exit(main())
