"""The pages here are tested as they are read; what builds the site from them needs Sphinx, and is no test."""

import importlib.util

collect_ignore = ["conf.py", "_ext"]
collect_ignore_glob = ["tutorials/*.py"]
if importlib.util.find_spec("torch") is None:
    collect_ignore.append("how-to/pytorch.md")
