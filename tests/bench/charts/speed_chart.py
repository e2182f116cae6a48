#!/usr/bin/env python3
"""Draws docs/charts/speed.svg from what holdfast_bench_speed --data has written.

    speed_chart.py DATA.json OUT.svg
"""

import html
import json
import sys

WIDTH, NAMES, ROW, BAR, GAP, HEAD = 820, 110, 22, 15, 14, 52
CLIENTS = ["holdfast", "libmosquitto", "paho"]
SHOWN = {"holdfast": "Holdfast", "libmosquitto": "libmosquitto", "paho": "Paho C++"}


def text(x, y, style, content):
    return f'<text x="{x}" y="{y}" {style}>{html.escape(content)}</text>\n'


def block(top, title, unit, groups):
    """One panel a group, one bar a client; groups are (name, {client: value})."""
    out = text(10, top + 20, 'font-size="14" font-weight="bold"', title)
    out += text(10, top + 42, 'fill="#555"', unit)
    panel = (WIDTH - NAMES) // len(groups) - GAP
    for row, client in enumerate(CLIENTS):
        style = 'text-anchor="end"' + (' font-weight="bold"' if row == 0 else "")
        out += text(NAMES - 10, top + HEAD + row * ROW + 12, style, SHOWN[client])
    for place, (name, values) in enumerate(groups):
        x = NAMES + place * (panel + GAP)
        out += text(x, top + 42, 'fill="#555"', name)
        most = max(values.values())
        for row, client in enumerate(CLIENTS):
            y = top + HEAD + row * ROW
            length = max(1, int(values[client] / most * (panel - 48)))
            colour = "#0b6e4f" if row == 0 else "#9fb3c8"
            out += f'<rect x="{x}" y="{y}" width="{length}" height="{BAR}" fill="{colour}"/>\n'
            value = values[client]
            shown = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
            out += text(x + length + 4, y + 12, "", shown)
    return out, HEAD + ROW * len(CLIENTS) + 16


def groups_of(results, qos, figure, scale=1.0):
    groups = {}
    for row in results:
        if row["part"] == "throughput" and row["qos"] == qos:
            value = row["figures"][figure]["median"] * scale
            groups.setdefault(int(row["bytes"]), {})[row["client"]] = value
    return [(f"{size:,} bytes", groups[size]) for size in sorted(groups)]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        results = json.load(file)["results"]
    top, body = 0, ""
    for title, unit, qos, figure, scale in (
        ("Published at QoS 0", "1,000/s", "0", "messages_per_second", 0.001),
        ("Published at QoS 1", "1,000/s", "1", "messages_per_second", 0.001),
        ("What a message at QoS 1 costs the client", "µs of CPU", "1", "cpu_us_per_message", 1.0),
    ):
        groups = groups_of(results, qos, figure, scale)
        if not groups:
            continue
        drawn, height = block(top, title, unit, groups)
        body += drawn
        top += height
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" '
            'font-family="sans-serif" font-size="12">\n'
            '<rect width="100%" height="100%" fill="#fff"/>\n' + body + "</svg>\n"
        )


if __name__ == "__main__":
    main()
