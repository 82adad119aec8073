/** The page's style: light and dark by the reader's setting, black on white on paper. */
export const style = `
:root { color-scheme: light dark; --ground: #ffffff; --panel: #f4f6f8; --text: #17212b; --quiet: #566471; --rule: #d5dce2; --accent: #0b6bcb; --load: #c2261b; --working: #0b6bcb; --heap: #2f8f4e; --external: #a15c00; --tile-text: #10202c; }
@media (prefers-color-scheme: dark) { :root { --ground: #11181f; --panel: #1a232c; --text: #e6edf3; --quiet: #9fb0be; --rule: #33414d; --accent: #6cb2ff; --load: #ff7b6e; --working: #6cb2ff; --heap: #67d18b; --external: #f0b35a; --tile-text: #0c1620; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 24px 20px 60px; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 10px; border-bottom: 1px solid var(--rule); padding-bottom: 4px; }
p { margin: 6px 0; }
.quiet, figcaption { color: var(--quiet); font-size: 13px; }
nav { margin: 14px 0; display: flex; flex-wrap: wrap; gap: 6px 16px; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ol.suspects { padding-left: 24px; }
ol.suspects li { background: var(--panel); border-left: 4px solid var(--load); padding: 10px 14px; margin: 10px 0; border-radius: 0 6px 6px 0; overflow-wrap: anywhere; }
ol.suspects p { font-weight: 600; margin: 0 0 4px; }
details summary { cursor: pointer; color: var(--quiet); font-size: 13px; }
code, .mono { font: 12.5px/1.5 ui-monospace, "Cascadia Mono", Menlo, monospace; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 10px 0; }
.facts dt { color: var(--quiet); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: right; padding: 4px 10px; border-bottom: 1px solid var(--rule); white-space: nowrap; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere; }
td.mono:first-child { white-space: nowrap; overflow-wrap: normal; }

td.wide { text-align: left; white-space: normal; overflow-wrap: anywhere; }
th button { all: unset; cursor: pointer; font-weight: 600; } th button:focus-visible { outline: 3px solid var(--accent); }
th[aria-sort=descending] button::after { content: " ▾"; } th[aria-sort=ascending] button::after { content: " ▴"; }
figure { margin: 10px 0; } svg { width: 100%; height: auto; display: block; }
svg text { font: 11px ui-monospace, "Cascadia Mono", Menlo, monospace; fill: var(--text); pointer-events: none; }
svg .axis { fill: var(--quiet); } .grid { stroke: var(--rule); }
.line { fill: none; stroke-width: 2; } .line.load-line { stroke: var(--load); stroke-width: 3; stroke-dasharray: 10 5; }
.line.working-set { stroke: var(--working); } .line.heap-used { stroke: var(--heap); } .line.external { stroke: var(--external); }
.mark line { stroke: var(--quiet); stroke-dasharray: 2 4; } .mark circle { fill: var(--quiet); }
.key { margin-right: 16px; white-space: nowrap; } .key::before { content: ""; display: inline-block; width: 18px; height: 0; border-top: 3px solid; vertical-align: middle; margin-right: 6px; }
.key.load-line::before { border-color: var(--load); border-top-style: dashed; } .key.working-set::before { border-color: var(--working); } .key.heap-used::before { border-color: var(--heap); } .key.external::before { border-color: var(--external); } .key.mark::before { border-top-style: dotted; }
.tile rect, .frame rect { stroke: var(--ground); stroke-width: 1; } .tile text, .frame text { fill: var(--tile-text); }
.hue0 rect { fill: #8fc1f0; } .hue1 rect { fill: #9ad8b0; } .hue2 rect { fill: #f3cf8e; } .hue3 rect { fill: #f0aaa2; } .hue4 rect { fill: #c9b6ec; } .hue5 rect { fill: #a9d7dc; }
.depth1 rect { fill-opacity: .8; } .depth2 rect { fill-opacity: .65; } .depth3 rect { fill-opacity: .55; }
@media (prefers-color-scheme: dark) { .depth1 rect, .depth2 rect, .depth3 rect { fill-opacity: .85; } }
.frame { cursor: pointer; } .frame.program rect { fill: #f3b27a; } .frame.runtime rect { fill: #a9c4de; } .frame.none rect { fill: #c3ccd4; }
.tile:focus rect, .frame:focus rect, .tile:hover rect, .frame:hover rect { stroke: var(--text); stroke-width: 2; }
.tile:focus, .frame:focus { outline: none; }
.notes { background: var(--panel); padding: 8px 14px; border-radius: 6px; }
@media print { :root { --ground: #fff; --panel: #fff; --text: #000; --quiet: #333; --rule: #999; --tile-text: #000; } body { max-width: none; padding: 0; font-size: 11px; } nav { display: none; } h2 { break-after: avoid; } figure, li, tr { break-inside: avoid; } details > * { display: block; } svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
