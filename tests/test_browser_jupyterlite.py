"""The notebook that a course hands out, in JupyterLite: a site of it in headless Chromium, with a Pyodide of the course's own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from chromium import IS_HERE, chromium
from chromium import REASON as BROWSER
from site_in_browser import DISTRIBUTION, PATIENCE, PREFIX, REASON, Server, words

from aescratch.classroom import check_file
from aescratch.classroom.answering import answer
from aescratch.classroom.exercise import all_exercises
from aescratch.classroom.packaging.beginning import NOTEBOOK, write_beginning
from aescratch.classroom.workspace import NEW

pytest.importorskip("jupytext", reason='needs jupytext: pip install "aescratch[docs]"')
pytest.importorskip("jupyterlite_core", reason="needs JupyterLite: pip install jupyterlite-core jupyterlite-pyodide-kernel")
pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")

pytestmark = [
    pytest.mark.skipif(not DISTRIBUTION, reason=REASON),
    pytest.mark.skipif(not IS_HERE, reason=BROWSER),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # selenium's own sockets
    pytest.mark.in_turn(2),
]
EXERCISE = next(exercise for exercise in all_exercises() if exercise.name == "dense_backward")
INSTALL, STUB, CHECK = 1, 3, 4  # cells of the notebook
KERNEL = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension"
RUN = """
const [cell, source, done] = arguments, { content } = window.jupyterapp.shell.currentWidget;
if (source !== null) content.widgets[cell].model.sharedModel.setSource(source);
content.activeCellIndex = cell;
content.deselectAll();
window.jupyterapp.commands.execute("notebook:run-cell").then(() => done(content.widgets[cell].outputArea.node.innerText), (why) => done(String(why)));
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """The handed-out notebook, opened in JupyterLite, with the package installed by its first cell."""
    folder = tmp_path_factory.mktemp("lite")
    (folder / "contents").mkdir()
    write_beginning([EXERCISE], folder / "contents")
    address = {"pyodideUrl": f"/{PREFIX}/pyodide/pyodide.js", "disablePyPIFallback": True}
    page = {"exposeAppInBrowser": True, "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": address}}
    write(folder / "jupyter-lite.json", {"jupyter-lite-schema-version": 0, "jupyter-config-data": page})
    # Extensions of other programs that this Python has belong to another version of JupyterLab.
    extensions = {"ignore_sys_prefix": True, "federated_extensions": [os.path.join(sys.prefix, KERNEL)]}
    wheels = {"piplite_urls": [str(path) for path in Path(DISTRIBUTION).glob("comm-*.whl")]}
    write(folder / "config.json", {"LiteBuildConfig": extensions, "PipliteAddon": wheels})
    build = ["jupyterlite_core", "build", "--apps", "notebooks", "--contents", "contents", "--output-dir", "site"]
    subprocess.run([sys.executable, "-m", *build, "--config", "config.json"], cwd=folder, check=True, capture_output=True)
    (folder / "site" / "pyodide").symlink_to(DISTRIBUTION)
    server = Server(folder / "site")
    with chromium(folder / "chromium") as driver:
        driver.set_script_timeout(PATIENCE)
        driver.get(f"{server.address}notebooks/index.html?path={NOTEBOOK}")
        until(driver, "return document.querySelector('.jp-Dialog .jp-mod-accept')")  # it asks for the kernel, and there is one
        driver.find_element("css selector", ".jp-Dialog .jp-mod-accept").click()
        until(driver, "return window.jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus === 'idle'")
        assert run(driver, INSTALL) == ""
        yield driver
    server.stop()


def write(path, content):
    path.write_text(json.dumps(content), "utf-8")


def until(driver, question):
    """Wait until a script returns something true."""
    end = time.monotonic() + PATIENCE
    while not driver.execute_script(question):
        assert time.monotonic() < end, question
        time.sleep(0.2)


def run(driver, cell, source=None):
    """Run a cell, with another source if it is given, and return what the notebook shows below it."""
    return driver.execute_async_script(RUN, cell, source)


def checked(driver, source):
    run(driver, STUB, source)
    return run(driver, CHECK)


def test_a_mistake_gets_its_cause_and_the_solution_passes(notebook, tmp_path):
    mutant = EXERCISE.mutated(next(iter(EXERCISE.mutants.values())))
    path = tmp_path / "cell.py"
    path.write_text(mutant, "utf-8")
    expected = answer(EXERCISE, path, check_file(EXERCISE, path), NEW)
    assert "ask yourself" in expected
    assert words(checked(notebook, mutant)) == words(expected)
    assert "dense_backward: passed" in checked(notebook, EXERCISE.shown_solution)


def test_a_loop_without_an_end_is_stopped_at_its_line(notebook):
    loop = "while True:\n        grad_y = grad_y + 0"
    looping = EXERCISE.stub.replace('raise NotImplementedError("your turn")', loop)
    line = looping.splitlines().index("        grad_y = grad_y + 0") + 1
    said = checked(notebook, looping)
    assert "dense_backward: it didn't finish in time" in said
    assert f"cell.py:{line}" in said or f"cell.py:{line - 1}" in said
