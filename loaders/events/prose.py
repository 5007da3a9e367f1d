"""Prose as plain text: descriptions come with HTML and Markdown in them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

LONGEST: Final = 20_000
"""Characters of a description that are kept; the original has the rest."""

_BLOCKS: Final = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "table", "ul"})
_SILENT: Final = frozenset({"script", "style", "head", "title"})


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)


def plain(text: object) -> str | None:
    """Return the text without markup, None if nothing is left.

    >>> plain("<p>Red <b>flood</b></p><script>x()</script> in 5 &lt; 6")
    'Red flood\\nin 5 < 6'
    """
    if not isinstance(text, str):
        return None
    if re.search(r"<[A-Za-z/!]|&[#\w]+;", text):
        parser = _Text()
        parser.feed(text)
        parser.close()
        text = "".join(parser.pieces)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)[:LONGEST] or None
