"""Charts as inline SVG, drawn by pygal: no script, no fixed colours, the same bytes each time.

Called by the page. Colours are variables of the page, so that light, dark and print differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pygal  # type: ignore[import-untyped]
from markupsafe import Markup
from pygal.style import Style  # type: ignore[import-untyped]

_LEFT_OUT = re.compile(r"<!--.*?-->|<script\b.*?</script>", re.DOTALL)
_COLOURS = tuple(f"var(--c{number})" for number in range(1, 7))
_STYLE = Style(
    background="transparent", plot_background="transparent", foreground="var(--ink)", foreground_strong="var(--ink)",
    foreground_subtle="var(--line)", colors=_COLOURS, font_family="system-ui, sans-serif", label_font_size=13, major_label_font_size=13,
    opacity="1", opacity_hover="1", transition="0s",
)  # fmt: skip
MOST_LABELS = 24
LONGEST_LEVEL_LABEL = 7


def bars(name: str, labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> Markup:
    """A chart of bars, stacked when there are several series; the page has the legend. name: tells charts apart."""
    chart = pygal.StackedBar(
        style=_STYLE, js=(), width=860, height=300, show_legend=False, margin=8, spacing=6, x_label_rotation=40 if max(map(len, labels), default=0) > LONGEST_LEVEL_LABEL else 0,
        show_x_guides=False, show_minor_x_labels=len(labels) <= MOST_LABELS, min_scale=2, integer_scale=True,
        value_formatter=lambda value: f"{value:,.0f}",
    )  # fmt: skip
    chart.uuid = f"chart-{name}"
    chart.x_labels = list(labels)
    if len(labels) > MOST_LABELS:
        chart.x_labels_major_every = -(-len(labels) // MOST_LABELS)
    for title, values in series.items():
        chart.add(title, list(values))
    svg = str(chart.render(is_unicode=True, disable_xml_declaration=True))
    # The library's comment holds the day on which it drew; its script serves only tooltips of a second script.
    return Markup(_LEFT_OUT.sub("", svg))
