"""Charts as inline SVG, drawn by pygal: no script, no fixed colours, the same bytes each time.

Called by pages. Colours are variables of the page (--ink, --line, --c1 to --c6), so that light, dark and print differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pygal  # type: ignore[import-untyped]
from markupsafe import Markup
from pygal.style import Style  # type: ignore[import-untyped]

_LEFT_OUT = re.compile(r"<!--.*?-->|<script\b.*?</script>|<desc\b.*?</desc>", re.DOTALL)
_COLOURS = tuple(f"var(--c{number})" for number in range(1, 7))
MOST_LABELS = 24
LONGEST_LEVEL_LABEL = 7


def _style(colours: Sequence[str], more: Mapping[str, str]) -> Style:
    return Style(
        background="transparent", plot_background="transparent", foreground="var(--ink)", foreground_strong="var(--ink)",
        foreground_subtle="var(--line)", colors=tuple(colours), font_family="system-ui, sans-serif", label_font_size=13, major_label_font_size=13,
        opacity="1", opacity_hover="1", **more, transition="0s",
    )  # fmt: skip


def bars(name: str, labels: Sequence[str], series: Mapping[str, Sequence[int]], colours: Sequence[str] = _COLOURS, *, most_labels: int = MOST_LABELS) -> Markup:
    """A chart of bars, stacked when there are several series; the page has the legend. name: tells charts apart."""
    drawn = {title: [value or None for value in values] if any(values) else values for title, values in series.items()}
    return _drawn(pygal.StackedBar, name, labels, drawn, colours, most_labels, order_min=0)


def lines(name: str, labels: Sequence[str], series: Mapping[str, Sequence[int | None]], colours: Sequence[str] = _COLOURS, *, most_labels: int = MOST_LABELS) -> Markup:
    """A chart of lines, on a scale of powers of ten, for numbers of very different size; None is a gap."""
    known = [value for values in series.values() for value in values if value]
    steps = [10**power for power in range(len(str(max(known, default=1))) + 1)]
    return _drawn(
        pygal.Line, name, labels, series, colours, most_labels, {"stroke_opacity": "1", "stroke_width": "3"}, logarithmic=True, show_dots=False, y_labels=steps, range=(1, steps[-1])
    )


def _drawn(
    kind: type[Any], name: str, labels: Sequence[str], series: Mapping[str, Sequence[int | None]], colours: Sequence[str], most_labels: int, strokes: Mapping[str, str] | None = None, **more: Any
) -> Markup:  # fmt: skip
    chart = kind(
        style=_style(colours, strokes or {}), js=(), width=860, height=300, show_legend=False, margin=8, spacing=6, x_label_rotation=40 if max(map(len, labels), default=0) > LONGEST_LEVEL_LABEL else 0,
        show_x_guides=False, truncate_label=-1, show_minor_x_labels=len(labels) <= most_labels, min_scale=2, integer_scale=True,
        value_formatter=lambda value: f"{value:,.0f}", **more,
    )  # fmt: skip
    chart.uuid = f"chart-{name}"
    chart.x_labels = list(labels)
    if len(labels) > most_labels:
        chart.x_labels_major_every = -(-len(labels) // most_labels)
    for title, values in series.items():
        chart.add(title, list(values))
    svg = str(chart.render(is_unicode=True, disable_xml_declaration=True))
    # The library's comment holds the day on which it drew; its script and descriptions serve only tooltips of a second script.
    return Markup(_LEFT_OUT.sub("", svg))
