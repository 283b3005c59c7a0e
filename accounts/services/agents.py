"""What a browser or program calls itself, in words that its owner recognises in a list of sessions."""

import re

# In this order: later names are part of what earlier ones send. Only Safari names its `Version/`; every browser on the
# engines of Apple and Google says `Safari/` too.
_PROGRAMS = (
    (r"\bEdg(A|iOS|e)?/", "Edge"), (r"\bOP(R|T|X)/", "Opera"), (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bVivaldi/", "Vivaldi"), (r"\bYaBrowser/", "Yandex"), (r"\bDuckDuckGo/|\bDdg/", "DuckDuckGo"),
    (r"\bFirefox/|\bFxiOS/", "Firefox"), (r"\bHeadlessChrome/", "Headless Chrome"),
    (r"\bChrome/|\bCriOS/|\bChromium/", "Chrome"), (r"\bVersion/.+\bSafari/", "Safari"),
    (r"\bcurl/", "curl"), (r"\bWget/", "Wget"), (r"PowerShell/", "PowerShell"), (r"\bPostmanRuntime/", "Postman"),
    (r"^python-|^Python[-/]|\baiohttp/", "Python"), (r"^Go-http-client/", "Go"), (r"^GuzzleHttp/|^PHP\b", "PHP"),
    (r"^okhttp/|^Java/|^Apache-HttpClient/", "Java"), (r"^axios/|^node\b|^undici\b", "Node.js"),
    (r"^Ruby\b|^Faraday\b", "Ruby"),
)  # fmt: skip
_SYSTEMS = (
    (r"\bAndroid\b", "Android"), (r"\b(iPhone|iPad|iPod)\b", "iOS"), (r"\bWindows\b", "Windows"),
    (r"\bMac OS X\b|\bMacintosh\b", "macOS"), (r"\bCrOS\b", "ChromeOS"), (r"\bLinux\b", "Linux"),
)  # fmt: skip


def name_of(user_agent: str) -> str:
    """Return such as `Firefox on Linux`, or nothing for what is not known. It proves nothing: callers choose it."""
    text = user_agent[:400]
    found = [next((name for sign, name in table if re.search(sign, text)), "") for table in (_PROGRAMS, _SYSTEMS)]
    return " on ".join(filter(None, found))
