"""The code blocks of a Markdown page."""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(?P<language>[^\n]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """One code block: the word or words after the backticks, and its lines."""

    page: Path
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The lines without comments; a line with ` && ` or `; ` holds several commands."""
        lines = [re.sub(r"(^|\s)#.*$", "", line).strip() for line in self.text.splitlines()]
        parts = [part.strip() for line in lines for part in re.split(r" && |; ", line)]
        return [part for part in parts if part]


def fences(page: Path) -> list[Fence]:
    """All code blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Fence(page, found["language"].strip(), found["text"]) for found in _FENCE.finditer(text)
    ]
