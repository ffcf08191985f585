"""Make the lectures' slides and the exam's sheets: the Markdown of docs/teaching as HTML and, by Chromium, as PDF.

    teaching/slides/LANGUAGE/week1.md --> FOLDER/slides/LANGUAGE/week1.html      a slide for each heading
    teaching/exam/LANGUAGE/week1.md   --> FOLDER/exam/LANGUAGE/week1.html        the questions alone
                                          FOLDER/exam/LANGUAGE/week1_solved.html with their solutions

Run as ``python docs/make_course.py FOLDER``; it needs what the site needs, ``pip install -e '.[docs]'`` and Node.js.
With ``--pdf`` it needs Chromium, too, and for Korean a font that has Hangul. What it writes needs no network.

In the slides' sources a quotation is the speaker's notes, ``<!-- right -->`` begins a second column, and
``<!-- step sparse -->`` before a picture stands for the page of that step, of which the picture is shown on paper.
"""

import argparse
import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from sphinxcontrib.katex import render_latex

DOCS = Path(__file__).resolve().parent
TEACHING = DOCS / "teaching"
LANGUAGES = ("en", "ko")
SOLUTION = re.compile(r"^### (?:Solution|풀이)$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!-- (right|step) ?([\w-]*) -->\s*")
CHROMIUM = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer",
)  # fmt: skip
PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="../katex/katex.css">
<link rel="stylesheet" href="../{kind}.css">
</head>
<body>
<main>
{body}
</main>
{script}</body>
</html>
"""


def reader():
    """Return a Markdown reader that sets formulas and code."""
    markdown = MarkdownIt("commonmark", {"highlight": coloured}).enable("table")
    return markdown.use(dollarmath_plugin, renderer=formula, double_inline=True)


def formula(text, options):
    """Return a formula as HTML; one that KaTeX can't read is an error."""
    return render_latex(text, {"displayMode": options["display_mode"], "throwOnError": True})


def coloured(code, language, _):
    """Return a block of code as HTML, which keys can scroll."""
    lexer = get_lexer_by_name("pycon" if ">>> " in code else language or "text")
    return f'<pre tabindex="0">{highlight(code, lexer, HtmlFormatter(nowrap=True, style="default"))}</pre>'


def blocks(tokens):
    """Yield the tokens of each block of the page's own level."""
    begun = 0
    for place, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            yield tokens[begun : place + 1]
            begun = place + 1


def deck(path, pictures, steps):
    """Return a file of slides as HTML, and add the pictures and step pages that it shows."""
    markdown, slides = reader(), []
    for block in blocks(markdown.parse(path.read_text(encoding="utf-8"))):
        kind, comment = block[0].type, COMMENT.match(block[0].content)
        if kind == "heading_open":
            slides.append({"level": block[0].tag, "title": "", "columns": [""], "notes": "", "step": ""})
        slide, text = slides[-1], shown(markdown, block, path, pictures)
        if kind == "heading_open":
            slide["title"] = text
        elif comment and comment[1] == "right":
            slide["columns"].append("")
        elif comment:
            steps.add(comment[2])
            slide["step"] = f'<iframe data-src="../step_{comment[2]}.html" title="{comment[2]}"></iframe>'
        elif kind == "blockquote_open":
            slide["notes"] += text
        else:
            slide["columns"][-1] += f'<div class="step">{slide["step"]}{text}</div>' if slide["step"] else text
            slide["step"] = ""
    return "\n".join(section(number, len(slides), slide) for number, slide in enumerate(slides, 1))


def section(number, count, slide):
    """Return one slide as HTML."""
    columns = "".join(f"<div>{column}</div>" for column in slide["columns"])
    kind = "title" if slide["level"] == "h1" else "slide"
    return (
        f'<section id="{number}" class="{kind}">\n{slide["title"]}<div class="columns">{columns}</div>\n'
        f'<footer>{number} / {count}</footer>\n<aside class="notes">{slide["notes"]}</aside>\n</section>'
    )


def shown(markdown, tokens, path, pictures):
    """Return tokens as HTML, whose pictures are found beside the pages."""
    for part in (child for token in tokens for child in token.children or ()):
        if part.type == "image":
            picture = (path.parent / part.attrs["src"]).resolve()
            pictures.add(picture)
            part.attrs["src"] = f"../figures/{picture.name}"
    return markdown.renderer.render(tokens, markdown.options, {})


def sheet(text, path, pictures):
    """Return a file of questions as HTML, and add the pictures that it shows."""
    markdown = reader()
    return shown(markdown, markdown.parse(text), path, pictures)


def write(path, kind, body, script=""):
    """Write a page around its body."""
    title = html.escape(re.sub(r"<[^>]+>", "", re.search(r"<h1>(.*?)</h1>", body)[1]))
    page = PAGE.format(language=path.parent.name, title=title, kind=kind, body=body, script=script)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def copy_along(folder, pictures, kind):
    """Copy what pages fetch: formulas' fonts, the style, pictures."""
    shutil.copytree(DOCS / "_static" / "katex", folder / "katex", dirs_exist_ok=True)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        shutil.copy(picture, folder / "figures")
    style = HtmlFormatter(style="default").get_style_defs("pre")
    own = (TEACHING / f"{kind}.css").read_text(encoding="utf-8")
    (folder / f"{kind}.css").write_text(f"{own}\n{style}\n", encoding="utf-8")


def make_slides(folder):
    """Write the slides of all weeks and languages, and return their paths."""
    from aescratch.programs.cli import main as aescratch

    folder, pictures, steps = Path(folder), set(), set()
    script = '<script src="../slides.js"></script>\n'
    paths = []
    for language in LANGUAGES:
        for source in sorted((TEACHING / "slides" / language).glob("*.md")):
            page = folder / language / f"{source.stem}.html"
            paths.append(write(page, "slides", deck(source, pictures, steps), script))
    copy_along(folder, pictures, "slides")
    shutil.copy(TEACHING / "slides.js", folder)
    for variant in sorted(steps):
        if aescratch(["step", variant, "--out", str(folder / f"step_{variant}.html")]) != 0:
            raise RuntimeError(f"`aescratch step {variant}` failed")
    return paths


def make_exam(folder):
    """Write the exam's sheets, each without and with solutions, and return their paths."""
    folder, pictures, paths = Path(folder), set(), []
    for language in LANGUAGES:
        for source in sorted((TEACHING / "exam" / language).glob("*.md")):
            text = source.read_text(encoding="utf-8")
            asked = re.sub(r"^> .*\n", "", SOLUTION.sub("", text), flags=re.MULTILINE)
            for name, version in ((source.stem, asked), (f"{source.stem}_solved", text)):
                body = sheet(version, source, pictures)
                paths.append(write(folder / language / f"{name}.html", "sheets", body))
    copy_along(folder, pictures, "sheets")
    return paths


def print_pdf(page):
    """Print a page to PDF beside it, and return the path."""
    path = page.with_suffix(".pdf")
    command = [*CHROMIUM, f"--print-to-pdf={path}", page.resolve().as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the pages go; it is made if it isn't there")
    parser.add_argument("--pdf", action="store_true", help="print each page to PDF, too")
    arguments = parser.parse_args()
    pages = [*make_slides(arguments.folder / "slides"), *make_exam(arguments.folder / "exam")]
    for page in pages:
        print(page)
        if arguments.pdf:
            print(print_pdf(page))


if __name__ == "__main__":
    sys.path[:0] = [str(DOCS.parent), str(DOCS / "_ext")]
    import site_formulas

    site_formulas.be_patient()
    main()
