"""Canvas: one flat folder, where each file's name contains its student.

    name[_LATE]_USER_FILE_what.py, name_USER_text.html     without names: [LATE_]anon_xxxxx_FILE_what.py

Canvas's `lib/content_zipper.rb` writes it (`get_filename`, `add_upload_submission`, `add_text_or_url`): the name is the
sortable one ("Kim, Minsu"), in small letters and digits only; a group has its own name, with the number of one of its
members. A student's second file of the same name becomes `what-1.py` (`Attachment.make_unique_filename`). FILE numbers
all uploads in order of time.
"""

import re
from collections.abc import Sequence

from aescratch.classroom.grading.exports.archives import FILE, Node
from aescratch.classroom.grading.exports.attempts import Attempt, Found, Who, without_student
from aescratch.foundations.language import gettext

PLATFORM = "Canvas"
NUMBER = r"\d{1,20}"
FORM = re.compile(
    r"(?:(?P<anonymous_late>LATE_)?(?P<anonymous>anon_[^\W_]+)"
    rf"|(?P<name>.+?)_(?P<late>LATE_)?(?P<user>{NUMBER}))"
    rf"_(?:(?P<file>{NUMBER})_(?P<rest>.+)|(?P<entry>text|link)\.html)"
)


def recognises(nodes: Sequence[Node]) -> bool:
    """Whether these are the files of such an export: most of them have its form."""
    files = [node for node in nodes if node.kind == FILE]
    return 2 * sum(bool(FORM.fullmatch(node.name)) for node in files) > len(nodes)


def attempts(nodes: Sequence[Node], where: str) -> tuple[list[Attempt], list[str]]:
    """Return the attempts, and remarks on files without a student."""
    found: dict[str, Attempt] = {}
    remarks = []
    for node in nodes:
        match = FORM.fullmatch(node.name)
        if match is None or node.kind != FILE:
            remarks.append(without_student(node))
            continue
        user, name = match["user"] or match["anonymous"], match["name"] or ""
        if match["user"]:
            who = Who(f"{name}_{user}", ("Canvas", user), (user, f"{name}_{user}"), name)
        else:  # the name is different in each assignment
            who = Who(user, ("Canvas", where, user), (user,))
        attempt = found.setdefault(user, Attempt(who, late=bool(match["late"] or match["anonymous_late"])))
        if match["entry"] == "link":
            attempt.remarks.append(gettext("a web address was handed in, and was not followed"))
        else:
            path = match["rest"] or f"{match['entry']}.html"
            attempt.files.append(Found((path,), node, int(match["file"] or 0), bool(match["entry"])))
    return list(found.values()), remarks
