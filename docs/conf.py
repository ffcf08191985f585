"""How the documentation becomes a site: `sphinx-build -W docs build/site`, without a network.

    docs/*.md, how-to/, explanation/, teaching/, ko/   prose, as it is
    ../tutorials/*.py    copied beside their index, executed, and offered as notebooks     _ext/site_tutorials.py
    aescratch.*          the reference, from docstrings, formulas and source                _ext/site_reference.py
    aescratch ... --help the command line                                                   _ext/site_commands.py
    its records          derivations, and classes that no page names itself               _ext/site_records.py
    aescratch playground the page that trains, which docs/playground.md frames              _ext/site_playground.py
    aescratch step       a page for each variant, which docs/steps.md lists                 _ext/site_steps.py
    both                 in frames below the tutorials' figures, as _ext/frames.py lists    _ext/site_frames.py
    teaching/slides/     lectures: _static/slides/LANGUAGE/week1.html                       _ext/site_slides.py
    its source           links back to the reference                                        _ext/site_sources.py
    $...$                set by KaTeX, so that a page needs no script for it                _ext/site_formulas.py
    its pages            usable by keys and screen readers, where the theme forgets them    _ext/site_access.py
"""

import importlib
import logging
import os
import pathlib
import sys

DOCS = pathlib.Path(__file__).parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS / "_ext")]
# The notebooks' kernels, processes of their own: this Python, whatever kernels a user has, and this very package.
os.environ["JUPYTER_PATH"] = str(DOCS / "_ext")
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # pictures belong to their cell, whatever is set
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
logging.getLogger("traitlets").setLevel(logging.WARNING)  # says for every notebook that it is executed

project = "aescratch"
author = "the authors of aescratch"
copyright = f"{author}; MIT licence"
version = release = importlib.import_module("aescratch").__version__
language = "en"

extensions = [
    "myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx_copybutton",
    "sphinxcontrib.katex", "site_formulas", "site_tutorials", "site_reference", "site_records", "site_commands",
    "site_playground", "site_steps", "site_frames", "site_slides", "site_sources", "site_access",
]  # fmt: skip
exclude_patterns = [
    "*.py", "[!t]*/**.py", "teaching/**.py", "_*", "**/.ipynb_checkpoints",
    "teaching/slides", "teaching/exam", "teaching/solutions",  # the first become no pages, the others are the teacher's
]  # fmt: skip
nitpicky = True
# What is no page of ours, or is there only where another library is installed.
nitpick_ignore = [("py:obj", name) for name in ("labels", "scipy.optimize.minimize", "torch.autograd.Function")]

# Prose: anchors for every heading, as on the pages of a repository.
myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "attrs_inline", "html_image"]
myst_heading_anchors = 4

# Tutorials: a wrong assertion ends the build.
nb_custom_formats = {".py": "site_tutorials.read"}
nb_execution_mode = "cache"
nb_execution_excludepatterns = os.environ.get("AESCRATCH_DOCS_NOT_EXECUTED", "").split()
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

# Reference. A name in single backticks is a link if it's one of the package.
default_role = "name"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]
add_module_names = False
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"
viewcode_line_numbers = True

html_theme = "furo"
html_title = f"aescratch {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_search_summary = False  # it would fetch pages, which a browser refuses to a page opened from a file
html_copy_source = False
html_use_index = True
html_theme_options = {"navigation_with_keys": True}
katex_css_path = "katex/katex.css"  # of the version that the extension brings
katex_prerender = True
copybutton_exclude = ".linenos, .gp, .go"
