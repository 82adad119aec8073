import { formatSize } from '../../answers/sentence.ts';
import type { Decision, TimelinePoint } from '../incident/incident-files.ts';
import { escapeHtml } from './escape.ts';

const width = 1000;
const height = 340;
const margin = { top: 16, right: 16, bottom: 34, left: 74 } as const;
const maxPoints = 500;
/** Decisions that a reader looks for on the line; the table below has them all. */
const maxMarks = 12;

const series = [
  { key: 'workingSetBytes', className: 'working-set', label: 'working set' },
  { key: 'heapUsedBytes', className: 'heap-used', label: 'heap used' },
  { key: 'externalBytes', className: 'external', label: 'external' },
] as const;

/** Memory over time against the load line: the container's limit. Empty when there is nothing to draw. */
export function timelineChart(timeline: readonly TimelinePoint[], decisions: readonly Decision[]): string {
  if (timeline.length < 2) return '';
  const points = thin(timeline);
  const startMs = points[0].atMs;
  const endMs = Math.max(startMs + 1, points[points.length - 1].atMs);
  const top = Math.max(...points.map((point) => Math.max(point.workingSetBytes, usableLimit(point)))) * 1.06;
  const x = (atMs: number): number =>
    margin.left + ((atMs - startMs) / (endMs - startMs)) * (width - margin.left - margin.right);
  const y = (bytes: number): number =>
    height - margin.bottom - (bytes / top) * (height - margin.top - margin.bottom);
  const line = (value: (point: TimelinePoint) => number): string =>
    points.map((point) => `${x(point.atMs).toFixed(1)},${y(value(point)).toFixed(1)}`).join(' ');
  const grid = ticks(top)
    .map(
      (bytes) =>
        `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${y(bytes)}" y2="${y(bytes)}"/><text class="axis" x="${margin.left - 8}" y="${y(bytes) + 4}" text-anchor="end">${formatSize(bytes)}</text>`,
    )
    .join('');
  const times = [0, 0.25, 0.5, 0.75, 1]
    .map((part) => {
      const atMs = startMs + part * (endMs - startMs);
      const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle';
      return `<text class="axis" x="${x(atMs)}" y="${height - 12}" text-anchor="${anchor}">${new Date(atMs).toISOString().slice(11, 19)}</text>`;
    })
    .join('');
  const marks = decisions
    .filter(({ atMs }) => atMs >= startMs && atMs <= endMs)
    .slice(-maxMarks)
    .map(
      ({ atMs, part, event }) =>
        `<g class="mark"><line x1="${x(atMs)}" x2="${x(atMs)}" y1="${margin.top}" y2="${height - margin.bottom}"/><circle cx="${x(atMs)}" cy="${margin.top}" r="4"><title>${escapeHtml(`${new Date(atMs).toISOString()} ${part}: ${event}`)}</title></circle></g>`,
    )
    .join('');
  const lines = series
    .map(
      ({ key, className }) => `<polyline class="line ${className}" points="${line((point) => point[key])}"/>`,
    )
    .join('');
  const last = points[points.length - 1];
  const summary = `Working set from ${formatSize(points[0].workingSetBytes)} to ${formatSize(last.workingSetBytes)}, limit ${formatSize(last.limitBytes)}.`;
  return `<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(summary)}">${grid}${times}<polyline class="line load-line" points="${line(usableLimit)}"/>${lines}${marks}</svg>
<figcaption><span class="key load-line">load line (limit)</span>${series.map(({ className, label }) => `<span class="key ${className}">${label}</span>`).join('')}<span class="key mark">decision</span> ${escapeHtml(summary)} Times are UTC.</figcaption></figure>`;
}

/** A limit that is not one (a machine without a container) would flatten everything else. */
function usableLimit(point: TimelinePoint): number {
  return point.limitBytes > point.workingSetBytes * 50 ? point.workingSetBytes : point.limitBytes;
}

function thin(timeline: readonly TimelinePoint[]): TimelinePoint[] {
  const step = Math.ceil(timeline.length / maxPoints);
  const points: TimelinePoint[] = [];
  // The peak of each step stands for it: a line that hides the spike would lie.
  for (let at = 0; at < timeline.length; at += step) {
    const group = timeline.slice(at, at + step);
    points.push(group.reduce((most, point) => (point.workingSetBytes > most.workingSetBytes ? point : most)));
  }
  return points;
}

function ticks(top: number): number[] {
  const raw = top / 5;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((candidate) => candidate >= raw) ?? raw;
  const found: number[] = [];
  for (let bytes = 0; bytes <= top; bytes += step) found.push(bytes);
  return found;
}
