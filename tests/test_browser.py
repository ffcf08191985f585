"""The tour's report in a real browser: headless Chromium, driven by Selenium, where both are installed."""

import pytest
from chromium import IS_HERE, REASON, chromium

from aescratch.programs.cli import main

pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")

pytestmark = [
    pytest.mark.in_turn,
    pytest.mark.skipif(not IS_HERE, reason=REASON),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # selenium's own sockets
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("tour") / "report.html"
    assert main(["tour", "--quick", "--variant", "sparse-kl", "--variant", "variational", "--out", str(path)]) == 0
    return path


@pytest.fixture(params=[1920, 1280, 390], ids="{} pixels wide".format)
def page(request, report, tmp_path):
    """The report, open in a window of some width."""
    metrics = {"width": request.param, "height": 900, "deviceScaleFactor": 1, "mobile": request.param < 500}
    with chromium(tmp_path) as driver:
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        driver.get(report.as_uri())
        yield driver


def test_the_report_shows_all_its_figures_and_fetches_nothing(page):
    images = page.execute_script("return [...document.images].map(i => [i.complete, i.naturalWidth, i.alt.length])")
    assert len(images) > 6
    assert all(complete and width > 50 and described for complete, width, described in images)
    assert page.get_log("browser") == []
    requests = [entry["message"] for entry in page.get_log("performance") if "requestWillBeSent" in entry["message"]]
    assert not [message for message in requests if '"url":"http' in message]


def test_the_report_is_no_wider_than_the_window(page):
    content, window = page.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert content <= window


def test_every_link_of_the_report_leads_somewhere(page):
    broken = page.execute_script(
        "return [...document.querySelectorAll('a')].map(a => a.getAttribute('href'))"
        ".filter(h => !h.startsWith('#') || !document.getElementById(h.slice(1)))"
    )
    assert broken == []
