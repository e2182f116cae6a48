// How the report looks: on a wide screen, on a phone, in the dark, and on paper, where the details
// of what has passed stay folded (what has not stands in the summary with all of them).

#pragma once

#include <string_view>

namespace holdfast::broker_test {

inline constexpr std::string_view kReportStyle = R"css(
:root { --ink: #1d2733; --soft: #5c6b7a; --paper: #ffffff; --line: #d8dee4; --shade: #f3f5f7;
  --pass: #17753f; --fail: #b3261e; --warning: #9a5b00; --figure: #1f5fa8; --not_applicable: #5c6b7a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e8ee; --soft: #9aa8b5; --paper: #15191e;
  --line: #333c46; --shade: #1e242b; --pass: #5fce8f; --fail: #ff8a80; --warning: #f0b45a;
  --figure: #7fb4f0; --not_applicable: #9aa8b5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.25rem; }
h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; text-transform: none; }
header p { margin: .25rem 0 1rem; color: var(--soft); }
code { font: .875em/1.4 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.chips { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem; }
.chips li { border: 1px solid var(--line); border-left: .3rem solid var(--kind); border-radius: .3rem;
  padding: .3rem .7rem; background: var(--shade); }
.chips b { font-size: 1.15rem; }
.pass { --kind: var(--pass); } .fail { --kind: var(--fail); } .warning { --kind: var(--warning); }
.figure { --kind: var(--figure); } .not_applicable { --kind: var(--not_applicable); }
.badge { display: inline-block; min-width: 4.6rem; text-align: center; font-size: .8rem;
  font-weight: 600; color: var(--kind); border: 1px solid var(--kind); border-radius: .3rem;
  padding: 0 .4rem; }
.id { color: var(--soft); font: .8rem ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.changes { margin: 0; padding: 0; list-style: none; }
.changes > li { border: 1px solid var(--line); border-left: .3rem solid var(--kind);
  border-radius: .3rem; padding: .75rem 1rem; margin-bottom: .75rem; break-inside: avoid; }
.changes p { margin: .4rem 0; }
.evidence, .settings { margin: .4rem 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.evidence { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: .75rem; }
.card { border: 1px solid var(--line); border-radius: .3rem; padding: .5rem .9rem .7rem;
  break-inside: avoid; }
.card h3 { margin: .2rem 0 .4rem; font-size: .9rem; }
.figures { width: 100%; border-collapse: collapse; font-size: .875rem; }
.figures th { text-align: left; font-weight: 400; padding: .1rem .5rem .1rem 0;
  min-width: 5.5rem; }
.figures .bar { width: 30%; } .figures .value { text-align: right; white-space: nowrap;
  padding-left: .5rem; font-variant-numeric: tabular-nums; }
.figures svg { display: block; width: 100%; height: .5rem; fill: var(--figure); }
details { border-top: 1px solid var(--line); padding: .35rem 0; break-inside: avoid; }
details > *:not(summary) { margin-left: 1.2rem; }
summary { cursor: pointer; }
.small { color: var(--soft); font-size: .85rem; margin: .3rem 0; }
@media print { body { font-size: 10pt; } main { max-width: none; padding: 0; }
  h2 { break-after: avoid; } .chips li { background: none; }
  summary { list-style: none; } }
)css";

}  // namespace holdfast::broker_test
