"""What a browser or program calls itself, in words that its owner recognises in a list of sessions."""

import re

# In this order: later names are part of what earlier ones send.
_PROGRAMS = (
    (r"\bEdgA?/", "Edge"), (r"\bOPR/", "Opera"), (r"\bFirefox/|\bFxiOS/", "Firefox"),
    (r"\bChrome/|\bCriOS/|\bChromium/", "Chrome"), (r"\bSafari/", "Safari"), (r"\bcurl/", "curl"),
    (r"\bpython-requests/", "Python"),
)  # fmt: skip
_SYSTEMS = (
    (r"\bAndroid\b", "Android"), (r"\biPhone\b|\biPad\b", "iOS"), (r"\bWindows\b", "Windows"),
    (r"\bMac OS X\b|\bMacintosh\b", "macOS"), (r"\bCrOS\b", "ChromeOS"), (r"\bLinux\b", "Linux"),
)  # fmt: skip


def name_of(user_agent: str) -> str:
    """Return such as `Firefox on Linux`, or nothing for what is not known. It proves nothing: callers choose it."""
    text = user_agent[:400]
    found = [next((name for sign, name in table if re.search(sign, text)), "") for table in (_PROGRAMS, _SYSTEMS)]
    return " on ".join(filter(None, found))
