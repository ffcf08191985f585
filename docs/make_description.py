"""Write docs/description.txt, what a package index shows, from README.md.

An index knows no file of the repository. So relative links become their text, pictures and lines of links alone go, and
the package is installed by its name. Run as ``python docs/make_description.py``.
"""

import re
from pathlib import Path

HERE = Path(__file__).parent
README, DESCRIPTION = HERE.parent / "README.md", HERE / "description.txt"
CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
RELATIVE = re.compile(r"!?\[([^\]]*)\]\((?!https?:|mailto:)[^)]*\)")
END = "\nFiles and folders that are named here are in the source distribution.\n"


def described(readme: str) -> str:
    """Return the description for a README."""
    paragraphs = [text for text in readme.split("\n\n") if RELATIVE.sub("", text).strip("· \n")]
    parts = CODE.split("\n\n".join(paragraphs))
    parts[::2] = [RELATIVE.sub(r"\1", text) for text in parts[::2]]
    return "".join(parts).replace("pip install -e . ", "pip install aescratch ") + END


if __name__ == "__main__":
    DESCRIPTION.write_text(described(README.read_text(encoding="utf-8")), encoding="utf-8")
