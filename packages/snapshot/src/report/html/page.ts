import { createHash } from 'node:crypto';

import { formatCount, formatShare, formatSize } from '../../answers/sentence.ts';
import type { Suspect } from '../../answers/suspect.ts';
import type { Decision, IncidentFacts } from '../incident/incident-files.ts';
import type { IncidentReport } from '../incident/incident-report.ts';
import { analysisTables } from '../sections.ts';
import { escapeHtml } from './escape.ts';
import { flameChart } from './flame-chart.ts';
import { script } from './script.ts';
import { style } from './style.ts';
import { timelineChart } from './timeline-chart.ts';
import { treemapChart } from './treemap-chart.ts';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

/** An incident on one page that needs nothing else: no network, no other file, no script to be readable. */
export function renderHtml(report: IncidentReport): string {
  const sections = listSections(report).filter((section) => section.body !== '');
  const title = report.facts?.id ?? report.name;
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  // Even a name from the heap that slipped through the escaping could run nothing and fetch nothing.
  const policy = `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; img-src data:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – Plimsoll</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
${report.facts === undefined ? '' : factsList(report.facts)}
<nav aria-label="Sections">${sections.map(({ id, title: name }) => `<a href="#${id}">${escapeHtml(name)}</a>`).join('')}</nav>
</header>
<main>
${sections.map(({ id, title: name, body }) => `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${escapeHtml(name)}</h2>\n${body}</section>`).join('\n')}
</main>
<script>${script}</script>
</body>
</html>
`;
}

function listSections(report: IncidentReport): Section[] {
  const { analysis, diff } = report;
  const sections: Section[] = [
    {
      id: 'suspects',
      title: diff === undefined ? 'What holds the heap' : 'What grows',
      body: suspectList(report),
    },
    {
      id: 'timeline',
      title: 'Memory against the load line',
      body: timelineChart(report.timeline, report.decisions),
    },
    {
      id: 'treemap',
      title: 'Who keeps what',
      body: report.treemap === undefined ? '' : treemapChart(report.treemap),
    },
    { id: 'classes', title: 'Classes', body: classTable(report) },
    {
      id: 'allocations',
      title: 'Where live memory was allocated',
      body: report.flame === undefined ? '' : flameChart(report.flame),
    },
    { id: 'census', title: 'Census', body: analysis === undefined ? censusTable(report) : '' },
    { id: 'decisions', title: 'Decisions', body: decisionTable(report.decisions) },
  ];
  if (analysis !== undefined) {
    const tables = analysisTables(analysis).slice(1);
    tables.forEach((table, at) => {
      sections.push({ id: `table-${at}`, title: table.title, body: htmlTable(table.head, table.rows) });
    });
  }
  sections.push({ id: 'notes', title: 'Notes', body: noteList(report.notes) });
  return sections;
}

function factsList(facts: IncidentFacts): string {
  const rows: (readonly [string, string])[] = [
    ['autopsy', facts.autopsy],
    ['opened', facts.openedAtMs > 0 ? new Date(facts.openedAtMs).toISOString() : ''],
    ['process', facts.process],
    ['limit', facts.limitBytes > 0 ? `${formatSize(facts.limitBytes)} (${facts.limitOrigin})` : ''],
    ['V8’s own limit', facts.heapLimitBytes > 0 ? formatSize(facts.heapLimitBytes) : ''],
    ['deepest level', facts.deepestLevel],
    [
      'most live memory',
      facts.sites
        .slice(0, 3)
        .map(
          (site) =>
            `${site.functionName} ${site.file}:${site.line} (${formatSize(site.liveBytes)}, ${formatShare(site.shareRatio)})`,
        )
        .join('; '),
    ],
  ];
  const list = rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<p>${escapeHtml(facts.sentence)}</p>\n<dl class="facts">${list.join('')}</dl>`;
}

function suspectList(report: IncidentReport): string {
  if (report.analysis === undefined) return '';
  const { suspects, diff } = report;
  const heap =
    diff === undefined
      ? `Heap of ${formatSize(report.analysis.heapBytes)}.`
      : `Heap in ${diff.heapBytes.length} snapshots: ${diff.heapBytes.map(formatSize).join(' → ')}.`;
  const items = suspects.map(
    (suspect) => `<li><p>${escapeHtml(suspect.sentence)}</p>${pathDetails(suspect)}</li>`,
  );
  const list =
    items.length > 0
      ? `<ol class="suspects">${items.join('')}</ol>`
      : '<p>No container, chain or single object stands out.</p>';
  return `<p class="quiet">${escapeHtml(heap)}</p>${list}`;
}

function pathDetails(suspect: Suspect): string {
  const steps = suspect.path.map((step) => `${step.edge} ${step.className} @${step.id}`);
  return `<details><summary>How it is reached (@${suspect.containerId})</summary><code>${escapeHtml(steps.join(' → '))}</code></details>`;
}

function classTable(report: IncidentReport): string {
  const { analysis, diff } = report;
  if (analysis === undefined) return '';
  const growth = new Map(diff?.classes.map((one) => [one.name, one]));
  const head = [
    'class',
    'count',
    'self',
    'retained',
    'of the heap',
    ...(diff === undefined ? [] : ['gained', 'bytes gained']),
  ];
  const rows = analysis.classes.map((one) => {
    const grown = growth.get(one.name);
    const gainedCount = grown === undefined ? 0 : (grown.counts.at(-1) ?? 0) - grown.counts[0];
    const gainedBytes = grown === undefined ? 0 : (grown.selfBytes.at(-1) ?? 0) - grown.selfBytes[0];
    const cells: (readonly [string, number | string])[] = [
      [one.name, one.name],
      [formatCount(one.count), one.count],
      [formatSize(one.selfBytes), one.selfBytes],
      [formatSize(one.retainedBytes), one.retainedBytes],
      [formatShare(one.retainedBytes / analysis.heapBytes), one.retainedBytes],
    ];
    if (diff !== undefined) {
      cells.push([`+${formatCount(gainedCount)}`, gainedCount], [`+${formatSize(gainedBytes)}`, gainedBytes]);
    }
    return `<tr>${cells.map(([text, value]) => `<td data-value="${escapeHtml(String(value))}">${escapeHtml(text)}</td>`).join('')}</tr>`;
  });
  return `<div class="scroll"><table class="sortable"><thead><tr>${head.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function censusTable({ census }: IncidentReport): string {
  if (census === undefined) return '';
  const rows = census.containers.map((one) => [
    `${one.kind} ${one.path}`,
    one.place,
    formatCount(one.count),
    one.gainedCount === undefined ? '' : `${one.gainedCount < 0 ? '' : '+'}${formatCount(one.gainedCount)}`,
    formatSize(one.bytes),
  ]);
  return htmlTable(['container', 'where', 'items', 'since the first census', 'estimated'], rows);
}

function decisionTable(decisions: readonly Decision[]): string {
  if (decisions.length === 0) return '';
  const rows = decisions.map(({ atMs, part, event, numbers }) => {
    const text = Object.entries(numbers)
      .map(([name, value]) => `${name} ${describeValue(name, value)}`)
      .join(', ');
    return `<tr><td class="mono">${new Date(atMs).toISOString().slice(11, 23)}</td><td class="wide">${escapeHtml(`${part}: ${event.replaceAll('-', ' ')}`)}</td><td class="wide quiet">${escapeHtml(text)}</td></tr>`;
  });
  return `<div class="scroll"><table><thead><tr><th scope="col">time</th><th scope="col">decision</th><th scope="col">from</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function describeValue(name: string, value: unknown): string {
  if (typeof value === 'number' && name.endsWith('Bytes')) return formatSize(value);
  return typeof value === 'number' ? formatCount(value) : String(value);
}

function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`);
  return `<div class="scroll"><table><thead><tr>${head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

function noteList(notes: readonly string[]): string {
  return notes.length === 0
    ? ''
    : `<ul class="notes">${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>`;
}
