"""Bring the Korean catalogue up to date with the sentences in the code, and pack it for the package.

    python docs/make_catalogue.py          needs Babel: pip install babel

Sentences that are new get an empty translation, those that are gone are dropped; translate in aescratch.po and run it
again. tests/test_language.py fails while one is missing.
"""

import json
import pathlib
import sys

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = pathlib.Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from sentences import sentences  # noqa: E402

from aescratch.foundations.language import PACKED, digest_of  # noqa: E402

FOLDER = ROOT / "aescratch" / "data" / "locale" / "ko" / "LC_MESSAGES"


def template():
    """Return the sentences of the code, with their files."""
    found = Catalog(fuzzy=False)
    for path, _, sentence in sentences():
        found.add(sentence, locations=[(path.relative_to(ROOT).as_posix(), None)])
    return found


def main():
    """Write aescratch.po and aescratch.json."""
    path = FOLDER / "aescratch.po"
    with path.open("rb") as file:
        catalog = read_po(file, locale="ko")
    catalog.update(template(), no_fuzzy_matching=True)
    catalog.fuzzy = False
    with path.open("wb") as file:
        plain = {"omit_header": True, "ignore_obsolete": True, "include_lineno": False, "sort_output": True}
        write_po(file, catalog, width=120, **plain)
    # Sentences of a file follow one another: so they have the most in common, and a wheel is smallest.
    known = sorted((m for m in catalog if m.id and m.string), key=lambda m: (m.locations[0][0], m.id))
    packed = {digest_of(message.id): message.string for message in known}
    assert len(packed) == len(known), "two sentences have the same digest"
    text = json.dumps(packed, ensure_ascii=False, indent=0, separators=(",", ":"))
    path.with_name(PACKED).write_text(text + "\n", encoding="utf-8")
    missing = [message.id for message in catalog if message.id and not message.string]
    print(f"{len(catalog)} sentences, {len(missing)} without a translation")
    return len(missing) > 0


if __name__ == "__main__":
    sys.exit(main())
