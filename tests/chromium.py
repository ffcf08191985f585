"""Headless Chromium, driven by Selenium, without network access, with a record of the pages' messages and requests."""

import contextlib
import shutil

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)  # fmt: skip
IS_HERE = bool(shutil.which("chromium") and shutil.which("chromedriver"))
REASON = "needs chromium and chromedriver: apt-get install chromium chromium-driver"


@contextlib.contextmanager
def chromium(folder):
    """Start a browser whose files lie in a folder, and end it."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    driver.get("about:blank")
    driver.get_log("performance")
    yield driver
    driver.quit()
