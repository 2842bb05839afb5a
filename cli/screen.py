"""What the user sees, and the picture that can be taken of it."""

import io
import sys
from pathlib import Path

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

_WIDTH = 100
_STEPS = ("   │  +", "   │  ~", "   │  -")
_HEAD, _TAIL = 7, 5  # lines of one Pulumi run that a picture shows

# Rich's own template loads a font from the web; a picture in a README must not.
_PICTURE = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace; \
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def console(width: int = _WIDTH) -> Console:
    """The terminal as wide as it is, a file or pipe `width` characters wide."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else width)


class Screen:
    """Prints to the terminal and, when asked to, remembers it for a picture."""

    def __init__(self, *, record: bool = False) -> None:
        self._console = console()
        self._recorder = (
            Console(highlight=False, record=True, width=_WIDTH, file=io.StringIO())
            if record
            else None
        )
        self._unrecorded: list[Text] = []

    @property
    def colors(self) -> bool:
        """Whether what is printed goes to somebody who sees colors."""
        return self._console.is_terminal or self._recorder is not None

    def _show(self, what: RenderableType) -> None:
        self._record_engine()
        self._console.print(what)
        if self._recorder is not None:
            self._recorder.print(what)

    def chapter(self, title: str) -> None:
        """A heading."""
        self._show("")
        self._show(Text(f"━━ {title}", style="bold cyan"))

    def say(self, text: str) -> None:
        """A paragraph; rich markup is honoured, so escape what comes from outside."""
        self._show(Padding(Text.from_markup(text), (0, 0, 0, 3), expand=False))

    def good(self, text: str) -> None:
        """Something that is as promised."""
        self.say(f"[green]✓[/] {text}")

    def bad(self, text: str) -> None:
        """Something that is not as promised."""
        self.say(f"[red]✗[/] {text}")

    def show(self, what: RenderableType) -> None:
        """A table or the like."""
        self._show(Padding(what, (0, 0, 0, 3), expand=False))

    def engine(self, line: str) -> None:
        """One line of Pulumi's own output, set apart from ours."""
        text = Text()
        text.append("   │ ", style="dim")
        text.append_text(Text.from_ansi(line))
        self._console.print(text, soft_wrap=True)
        self._unrecorded.append(text)

    def _record_engine(self) -> None:
        """Put the beginning and the end of Pulumi's last output into the picture."""
        lines, self._unrecorded = self._unrecorded, []
        if self._recorder is None:
            return
        left_out = len(lines) - _HEAD - _TAIL
        if left_out > 1:
            mark = Text(f"   │ … {left_out} lines", style="dim")
            lines = [*lines[:_HEAD], mark, *lines[-_TAIL:]]
        for line in lines:
            # A step is known by its beginning; what a message says, or which property a step
            # changes, stands at its end.
            is_step = line.plain.startswith(_STEPS) and "[diff: " not in line.plain
            self._recorder.print(line, no_wrap=is_step, overflow="ellipsis" if is_step else "fold")

    def save_picture(self, path: Path, *, title: str) -> None:
        """Write what was shown as an SVG picture."""
        if self._recorder is None:
            raise ValueError("the screen was not told to record")
        self._record_engine()
        svg = self._recorder.export_svg(title=title, code_format=_PICTURE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg, encoding="utf-8")


def short(path: Path, project: Path) -> str:
    """A path as one would type it: from the project's folder, where it is inside."""
    return str(path.relative_to(project) if path.is_relative_to(project) else path)


def plain(text: object) -> str:
    """Text from outside, safe inside markup."""
    return escape(str(text))
