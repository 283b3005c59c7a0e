"""The page of an installation's addon module."""

from dataclasses import dataclass

from payymo.dashboard.pages.values import Chip, Fact


@dataclass(frozen=True, slots=True)
class WhmcsModulePage:
    """How a module is, and how it is paired.

    Shape: `setup_code` only in the answer that made it; a URL is empty where the viewer may not do that. The form that
    makes one sends `version`, so that sent twice it makes one code.
    """

    name: str
    chip: Chip
    facts: tuple[Fact, ...]
    steps: tuple[str, ...]
    pair_url: str
    remove_url: str
    setup_code: str = ""
    error: str = ""
    version: str = ""
