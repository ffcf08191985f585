"""A site of exercises, served under a path on the loopback, and a student at it: for the tests, and for a release's script.

    serving(folder) -> Server: address, bytes sent, stop      Student(driver, address): opens, writes, checks, reads
"""

import contextlib
import functools
import http.server
import os
import re
import threading
import time

DISTRIBUTION = os.environ.get("AESCRATCH_PYODIDE")
REASON = "needs a folder with Pyodide's distribution: set AESCRATCH_PYODIDE to it"
PREFIX = "some/course"
PATIENCE = 120.0  # seconds; a busy machine takes half a minute until Python has arrived
PASTE = """
const data = new DataTransfer();
data.setData("text/plain", arguments[1]);
arguments[0].dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
"""
KEPT = """
const [file, done] = arguments, opened = indexedDB.open("aescratch " + location.pathname);
opened.onsuccess = () => {
  const asked = opened.result.transaction("files").objectStore("files").get(file);
  asked.onsuccess = () => (opened.result.close(), done(asked.result));
};
"""
# What differs between processors: errors of rounding, the entry where they are largest, and values there.
ROUNDED = re.compile(r"\d\.\de[+-]\d\d +\([\d, ]*\) *|; at \(.*|-?\d+\.\d{4,}(?:e[+-]?\d+)?")


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder under `PREFIX`, and counts the bytes of each file that it sends."""

    daemon_threads = True

    def __init__(self, folder, port=0):
        self.sent = {}
        super().__init__(("127.0.0.1", port), functools.partial(_Handler, directory=folder))
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/{PREFIX}/"

    def stop(self):
        self.shutdown()
        self.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    def translate_path(self, path):
        inside = path.removeprefix(f"/{PREFIX}")
        return super().translate_path(inside if inside != path else "/nothing/there")

    def copyfile(self, source, outputfile):
        data = source.read()
        self.server.sent[self.path] = self.server.sent.get(self.path, 0) + len(data)
        outputfile.write(data)

    def log_message(self, *arguments):
        pass


class Student:
    """Somebody at the site, with a keyboard."""

    def __init__(self, driver, address):
        self.driver, self.address = driver, address

    def find(self, name):
        return self.driver.find_element("css selector", name)

    def text(self, name):
        return self.find(f"#{name}").text

    def until(self, question, seconds=PATIENCE):
        """Wait until a question has an answer that counts, and return it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(Exception):  # a page that is being changed has elements that are gone
                if answer := question():
                    return answer
            time.sleep(0.05)
        raise AssertionError(f"nothing came within {seconds:g} s; the page says {self.text('loading-text')!r}, {self.text('trouble')!r}")

    def open(self, place="", width=1280, height=800):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get("about:blank")
        self.driver.get(self.address + place)
        return self

    def wait_for_python(self):
        self.until(lambda: "ready" in self.text("loading-text"))
        return self

    def go(self, exercise):
        self.driver.execute_script("location.hash = arguments[0]", exercise.name)
        self.until(lambda: self.text("file") == exercise.file_name, 10)

    def write(self, text):
        """Put a text in place of the code, as somebody does who pastes it."""
        code = self.find("#editor .cm-content")
        code.send_keys("\ue009a\ue000")  # Ctrl+A
        self.driver.execute_script(PASTE, code, text)

    def code(self):
        """Return the code that is seen; the editor draws no more than that."""
        return self.driver.execute_script("return document.querySelector('#editor .cm-content').innerText.replace(/\\n\\n/g, '\\n')")

    def kept(self, file):
        """Return the text of a file as the browser has stored it."""
        return self.driver.execute_async_script(KEPT, file)

    def check(self):
        """Press the button, and return the answer."""
        self.find("#check").click()
        return self.answer()

    def answer(self):
        self.until(lambda: self.find("#answers").get_attribute("aria-busy") == "false" and self.text("check") == "Check")
        script = "return [...document.querySelectorAll('#answer > .verdict, #answer > pre > *')].map((line) => line.textContent)"
        return "\n".join(line.rstrip("\n") for line in self.driver.execute_script(script))


def words(answer):
    """An answer without what differs between processors, and without spaces at the ends of lines."""
    return "\n".join(ROUNDED.sub("#", line).rstrip() for line in answer.strip().splitlines())


def without_memory(said):
    """Without the line that compares with the last check, which a terminal asked for the first time doesn't have."""
    return "\n".join(line for line in said.splitlines() if not line.startswith(("  since the last check", "  the check before this one said")))
