"""The style sheet of the page of ``inspect --html``: light and dark, for wide and narrow screens."""

STYLE = """
:root { --paper: #ffffff; --ink: #1b1f24; --quiet: #57606a; --line: #d0d7de; --cell: #f6f8fa; --edge: #ffffff;
  --0: #9ec5fe; --1: #a3cfbb; --2: #ffe08a; --3: #efadce; --4: #c5b3e6; --5: #fecba1; --6: #9eeaf9; --7: #d3d6da; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171b; --ink: #e8eaed; --quiet: #a5adb6; --line: #3a4149; --cell: #1d2126; --edge: #14171b;
    --0: #1f4e8c; --1: #1f5c43; --2: #6b5408; --3: #7a2f58; --4: #4c3a78; --5: #7a4413; --6: #0f5c6b; --7: #49505a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1280px; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .75rem; margin: .5rem 0; color: var(--quiet);
  font-size: .85rem; }
dd { margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px ui-monospace, monospace; fill: var(--ink); pointer-events: none; }
rect { stroke: var(--edge); stroke-width: 1; }
rect.package { stroke-width: 2; }
rect.file, rect.rest { fill-opacity: .55; }
rect:hover { stroke: var(--ink); }
.c0 rect { fill: var(--0); } .c1 rect { fill: var(--1); } .c2 rect { fill: var(--2); } .c3 rect { fill: var(--3); }
.c4 rect { fill: var(--4); } .c5 rect { fill: var(--5); } .c6 rect { fill: var(--6); } .c7 rect { fill: var(--7); }
.narrow { display: none; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
thead th { background: var(--cell); position: sticky; top: 0; }
td { font-variant-numeric: tabular-nums; }
tbody th { font-weight: 600; }
summary { cursor: pointer; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
ul { margin: .25rem 0; padding-left: 1.1rem; }
@media (max-width: 700px) {
  .wide { display: none; } .narrow { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr, tbody th, td { display: block; border: 0; }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
  td, tbody th { padding: .1rem 0; }
  td::before { content: attr(data-label) ": "; color: var(--quiet); }
}
"""
