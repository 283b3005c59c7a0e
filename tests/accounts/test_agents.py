"""How browsers and programs are named in the list of sessions, by what they really send."""

import pytest

from accounts.services.agents import name_of

LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        (f"{LINUX} HeadlessChrome/141.0.0.0 Safari/537.36", "Headless Chrome on Linux"),
        (f"{LINUX} Chrome/141.0.0.0 Safari/537.36", "Chrome on Linux"),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/141.0 Safari/537.36",
            "Chrome on ChromeOS",
        ),
        (f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.3537.57", "Edge on Windows"),
        (f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36 OPR/122.0.0.0", "Opera on Windows"),
        (f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36 Vivaldi/7.6", "Vivaldi on Windows"),
        (f"{ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        (f"{ANDROID} Chrome/141.0.0.0 Mobile Safari/537.36 EdgA/141.0.0.0", "Edge on Android"),
        (f"{IPHONE} CriOS/141.0.7390.26 Mobile/15E148 Safari/604.1", "Chrome on iOS"),
        (f"{IPHONE} FxiOS/143.0 Mobile/15E148 Safari/605.1.15", "Firefox on iOS"),
        (f"{IPHONE} Version/18.0 EdgiOS/141.0 Mobile/15E148 Safari/604.1", "Edge on iOS"),
        (f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iOS"),
        (f"{MAC} Version/18.5 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Linux"),
        (f"{LINUX} SomethingNew/1.0 Safari/537.36", "Linux"),
        ("curl/8.14.1", "curl"),
        ("python-requests/2.32.5", "Python"),
        ("python-httpx/0.28.1", "Python"),
        ("Python-urllib/3.13", "Python"),
        ("Python/3.13 aiohttp/3.12.15", "Python"),
        ("Go-http-client/2.0", "Go"),
        ("GuzzleHttp/7", "PHP"),
        ("PostmanRuntime/7.48.0", "Postman"),
        ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1", "PowerShell on Windows"),
        ("", ""),
        ("x" * 10_000, ""),
    ],
)
def test_a_session_has_the_name_that_its_owner_knows(sent, named):
    assert name_of(sent) == named
