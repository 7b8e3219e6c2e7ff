/** Light, dark and paper; no web font, no picture. Colours by role, see `theme.ts`. */
export const styleSheet = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1a1a1a; --muted: #6b6b6b; --grid: #e2e2e2; --band: #dde8ee; --line: #c4c4c4;
  --bare: #0072b2; --container: #d55e00; --good: #00694c; --bad: #b00020; --bad-paper: #fdecee; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e8e8e8; --muted: #a0a0a0; --grid: #33383d; --band: #24343f; --line: #4a5057;
  --bare: #56b4e9; --container: #e69f00; --good: #5fd3ae; --bad: #ff8a94; --bad-paper: #3a1a1e; } }
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --muted: #555; --grid: #ddd; --band: #dde8ee; --line: #999;
  --bare: #0072b2; --container: #d55e00; --good: #00694c; --bad: #b00020; --bad-paper: #fff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2rem 0 0.5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 0.25rem; }
p { margin: 0.5rem 0; max-width: 46rem; }
.answer { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem; align-items: start; }
.verdict { font-size: 1.2rem; font-weight: 600; margin: 0; }
.order, .checks { border: 1px solid var(--line); border-left-width: 5px; padding: 0.5rem 1rem; }
.order p:first-child { margin-top: 0; }
.checks { margin: 1rem 0; border-left-color: var(--good); }
.checks.failed { border-color: var(--bad); background: var(--bad-paper); }
.checks h2 { margin: 0; border: 0; font-size: 1.1rem; }
.checks.failed h2 { color: var(--bad); }
.checks ul { list-style: none; margin: 0.25rem 0; padding: 0; }
.checks li { display: flex; gap: 0.75rem; }
.checks li span { flex: 0 0 5rem; font-weight: 600; }
.checks .passed span { color: var(--good); }
.checks .failed span { color: var(--bad); }
.checks .unknown span { color: var(--muted); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 1rem 2rem; align-items: start; }
figure { margin: 0; break-inside: avoid; max-width: 30rem; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { font-size: 0.85rem; line-height: 1.4; }
.wide { overflow-x: auto; margin: 0.5rem 0 1rem; }
table { border-collapse: collapse; font-size: 0.85rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0.25rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: 0.2rem 0.75rem 0.2rem 0; text-align: left; vertical-align: top; overflow-wrap: normal; }
tbody th { font-weight: normal; }
td { max-width: 28rem; overflow-wrap: break-word; }
.number { text-align: right; white-space: nowrap; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: 0.15rem 1rem; font-size: 0.85rem; }
dt { color: var(--muted); }
dd { margin: 0; }
pre { white-space: pre-wrap; border: 1px solid var(--line); padding: 0.5rem; font-size: 0.8rem; }
@media (max-width: 34rem) { main { padding: 0.75rem; } dl { grid-template-columns: 1fr; } dd { margin-bottom: 0.35rem; } }
@page { size: A4; margin: 15mm; }
@media print { body { font-size: 10pt; } main { max-width: none; padding: 0; } .wide { overflow: visible; } table { font-size: 7.5pt; }
  th, td { padding-right: 0.4rem; } .figures { display: block; } figure { display: inline-block; width: 48%; margin: 0 1% 1rem 0; vertical-align: top; } h2, h3, h2 + p, caption { break-after: avoid; } tr { break-inside: avoid; } }
`;
