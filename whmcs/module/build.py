"""Packs the addon module as WHMCS hosts unpack it: the same bytes from the same files."""

import json
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ADDON = HERE / "modules" / "addons" / "payymo"


def build(into: Path) -> Path:
    """Write `payymo-whmcs-<version>.zip` and return its path."""
    version = json.loads((ADDON / "whmcs.json").read_text(encoding="utf-8"))["version"]
    into.mkdir(parents=True, exist_ok=True)
    target = into / f"payymo-whmcs-{version}.zip"
    files = [HERE / "README.md", *sorted(path for path in ADDON.rglob("*") if path.is_file())]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(HERE).as_posix(), date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{build(Path.cwd() / 'dist')}\n")
