import { printAnalysis, printSuspects } from './print.ts';
import { renderHtml } from './html/page.ts';
import type { IncidentReport } from './incident/incident-report.ts';
import { growthTable } from './sections.ts';
import { markdownTable, textTable } from './text-table.ts';

/** How an incident report is written. */
export type ReportForm = 'html' | 'markdown' | 'text';

/** Puts an incident report into words, or onto a page. */
export function renderReport(report: IncidentReport, form: ReportForm): string {
  if (form === 'html') return renderHtml(report);
  const isMarkdown = form === 'markdown';
  const heading = (text: string, level: string): string => (isMarkdown ? `${level} ${text}\n` : `${text}\n`);
  const parts = [heading(report.facts?.id ?? report.name, '#')];
  if (report.facts !== undefined) {
    const { sentence, autopsy, process: runner } = report.facts;
    parts.push(...[sentence, autopsy, runner].filter((text) => text !== '').map((text) => `${text}\n`));
  }
  if (report.diff !== undefined) {
    parts.push(printSuspects(report.diff.growing, 'What grows', 'No container grew.', form));
    const { title, head, rows } = growthTable(report.diff);
    parts.push(
      heading(title, '##') + (isMarkdown ? '\n' : '') + (isMarkdown ? markdownTable : textTable)(head, rows),
    );
  }
  if (report.analysis !== undefined) parts.push(printAnalysis(report.analysis, form));
  if (report.decisions.length > 0) {
    const rows = report.decisions.map(({ atMs, part, event }) => [new Date(atMs).toISOString(), part, event]);
    parts.push(
      heading('Decisions', '##') +
        (isMarkdown ? '\n' : '') +
        (isMarkdown ? markdownTable : textTable)(['time', 'part', 'event'], rows),
    );
  }
  if (report.notes.length > 0) parts.push(report.notes.map((note) => `- ${note}\n`).join(''));
  return parts.join('\n');
}
