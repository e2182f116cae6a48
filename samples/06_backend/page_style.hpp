// How the page looks: a column on a phone, a grid on a desk, light or dark as the reader's machine
// is.

#pragma once

#include <cstddef>
#include <string_view>

namespace fleet {

/// Classes c0 to c5 are the colours of devices.
inline constexpr std::size_t kColours = 6;

inline constexpr std::string_view kStyle = R"(
:root{--back:#f6f7f8;--card:#fff;--text:#1c2429;--dim:#5b6870;--line:#d5dbdf;--good:#0a7a3c;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--back:#14191c;--card:#1d2428;--text:#e6eaec;--dim:#98a5ad;--line:#38434a;
--good:#5bd38b;--bad:#ff8a80}}
.c0{--own:#0b6bcb}.c1{--own:#c2570c}.c2{--own:#0a7a3c}.c3{--own:#a32a8c}.c4{--own:#8a6d00}.c5{--own:#00737a}
@media(prefers-color-scheme:dark){.c0{--own:#6cb2ff}.c1{--own:#ffa25c}.c2{--own:#5bd38b}.c3{--own:#ef8adb}
.c4{--own:#e3c34a}.c5{--own:#56d3da}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:80rem;padding:.75rem;background:var(--back);color:var(--text);
font:1rem/1.45 system-ui,sans-serif}
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:0;overflow-wrap:anywhere}
h2 i{display:inline-block;width:.8em;height:.8em;border-radius:50%;background:var(--own);margin-right:.4em}
h2 span{font-size:.8rem;font-weight:600}p{margin:.25rem 0 .5rem;color:var(--dim)}p b{color:var(--text)}
.online{color:var(--good)}.offline{color:var(--bad)}.unknown{color:var(--dim)}
main{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));align-items:start}
section,.map{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.75rem}
figure{margin:.5rem 0}.map{margin:0 0 .75rem}figcaption{color:var(--dim);font-size:.85rem}
table{width:100%;border-collapse:collapse;font-size:.9rem}
th{font-weight:400;text-align:left;color:var(--dim);white-space:nowrap;padding-right:.75rem;vertical-align:top}
td{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}code{font-size:.8rem}meter{width:5rem}
svg{display:block;width:100%;height:auto}svg text{fill:var(--dim);font-size:11px}
svg .name{fill:var(--text);font-size:13px}
.grid{stroke:var(--line);fill:none}.track{stroke:var(--own);fill:none;stroke-width:2;stroke-linejoin:round}
.place{fill:var(--own);stroke:var(--card);stroke-width:2}
.grid,.track{vector-effect:non-scaling-stroke}
@media(max-width:40rem){.map{padding:.25rem}.map svg text{font-size:22px}.map svg .name{font-size:28px}.map circle{r:12px}}
)";

}  // namespace fleet
