import type { StatedFinding, StatedSite } from '../source-maps/original-terms.ts';
import type { ExplainAnswer, JournalLine, MemoryNumbers, SampleAnswer } from './answers.ts';
import { shareText, sizeText, timeText } from './numbers-text.ts';

/** What an incident folder holds, as far as it is explained. */
export interface StoredIncident {
  readonly record: {
    readonly id: string;
    readonly trigger: { readonly name: string; readonly sentence: string; readonly atMs: number };
    readonly updatedAtMs: number;
    readonly limit: { readonly source: string; readonly origin: string; readonly heapLimitBytes: number };
    readonly deepestLevel: string;
    readonly atTrigger: MemoryNumbers;
    readonly latest: MemoryNumbers;
    /** What holds the memory, in one sentence. Absent in incidents of earlier versions. */
    readonly cause?: string;
    /** How the process ended; absent while it lives. */
    readonly ending?: { readonly sentence: string };
    /** What the autopsy found; absent where none was made. */
    readonly autopsy?: { readonly sentence: string; readonly findings: readonly StatedFinding[] };
    readonly sites: readonly (StatedSite & { readonly liveBytes: number; readonly shareRatio: number })[];
    readonly captures: readonly { readonly rung: string; readonly file: string; readonly pauseMs: number }[];
    readonly refusals: readonly { readonly rung: string; readonly reasons: readonly string[] }[];
    readonly files: readonly { readonly name: string; readonly fileBytes: number }[];
  };
  readonly journal: readonly JournalLine[];
}

/** Decisions by which something happened; the others are what did not. */
const refusalEvent = /refused|off|not-|no-|stood-down|threw|failed/;
const shownDecisions = 12;

/** A running process, as text. */
export function explainProcess(
  answer: SampleAnswer,
  account: ExplainAnswer,
  journal: readonly JournalLine[],
): string {
  const { identity, nodeVersion, level, limit, sample, trend, isHeapContained, offReasons, incidents } =
    answer;
  const { triggers, cooldown, hasOpenIncident, snapshot } = account;
  const growth =
    trend.verdict === 'growing'
      ? `growing (${trend.series}) by ${sizeText(trend.slopeBytesPerSecond ?? 0)} a second, full in ${timeText(trend.timeToLimitMs)}`
      : trend.verdict;
  const fired = triggers.filter(({ fires }) => fires);
  const waiting = triggers.filter(({ fires }) => !fires);
  const left =
    cooldown.leftMs > 0
      ? [`  any      no incident opens by itself for another ${timeText(cooldown.leftMs)}: cooldown.`]
      : [];
  return text([
    `Process ${identity.pid} on ${identity.hostName}, Node.js ${nodeVersion}, guarded for ${timeText(Date.now() - identity.startedAtMs)}`,
    '',
    'Seen',
    ...memoryLines(sample, `${limit.source}: ${limit.origin}`),
    `  level          ${level}`,
    `  trend          ${growth}`,
    `  heap's end     ${isHeapContained ? 'V8’s limit fits the container: 134' : 'the container is full before V8’s limit: 137'}`,
    ...offReasons.map((reason) => `  off            ${reason}`),
    '',
    'Fired',
    ...(fired.length === 0 && incidents.length === 0 ? ['  nothing'] : []),
    ...fired.map(({ trigger, sentence }) => `  ${trigger.padEnd(8)} ${sentence}`),
    ...incidents.map((folder) => `  incident ${folder}`),
    ...(hasOpenIncident ? ['  an incident is open: it is written again as things get worse'] : []),
    '',
    'Did not fire',
    ...waiting.map(({ trigger, sentence }) => `  ${trigger.padEnd(8)} ${sentence}`),
    ...left,
    ...(snapshot === null
      ? ['  snapshot PLIMSOLL_SNAPSHOT is off.']
      : snapshot.affordable
        ? [
            `  snapshot can be afforded, up to a live heap of ${sizeText(snapshot.affordableToHeapBytes)}; nothing asks for one.`,
          ]
        : snapshot.reasons.map((reason) => `  snapshot ${reason}`)),
    '',
    ...decisionLines(journal),
  ]);
}

/** An incident, as text. */
export function explainIncident(folder: string, { record, journal }: StoredIncident): string {
  const { trigger, latest, limit, sites, captures, refusals, files } = record;
  return text([
    `Incident ${record.id}`,
    folder,
    '',
    `Seen, last at ${new Date(record.updatedAtMs).toISOString()}`,
    ...memoryLines(latest, `${limit.source}: ${limit.origin}`),
    `  deepest level  ${record.deepestLevel}`,
    `  then           working set ${sizeText(record.atTrigger.workingSetBytes)}, heap ${sizeText(record.atTrigger.heapUsedBytes)} when it opened`,
    ...(record.cause === undefined || record.cause === record.autopsy?.sentence
      ? []
      : [`  cause          ${record.cause}`]),
    ...(record.autopsy === undefined ? [] : [`  held by        ${record.autopsy.sentence}`]),
    ...(record.ending === undefined ? [] : [`  ended          ${record.ending.sentence}`]),
    ...sites
      .slice(0, 5)
      .map(
        (site) =>
          `  allocated by   ${shareText(site.shareRatio)} (${sizeText(site.liveBytes)}) in ${site.functionName || '(anonymous)'}, ${site.file}:${site.line}`,
      ),
    '',
    'Fired',
    `  ${trigger.name.padEnd(8)} ${new Date(trigger.atMs).toISOString()}  ${trigger.sentence}`,
    ...captures.map(
      ({ rung, file, pauseMs }) =>
        `  ${rung.padEnd(8)} ${file}, the service stood still for ${Math.round(pauseMs)} ms`,
    ),
    '',
    'Did not fire',
    ...(refusals.length === 0 ? ['  nothing was refused'] : []),
    ...refusals.flatMap(({ rung, reasons }) => reasons.map((reason) => `  ${rung.padEnd(8)} ${reason}`)),
    '',
    ...decisionLines(journal),
    'Files',
    ...files.map(({ name, fileBytes }) => `  ${name.padEnd(28)} ${sizeText(fileBytes)}`),
  ]);
}

function memoryLines(sample: MemoryNumbers, origin: string): string[] {
  return [
    `  limit          ${sizeText(sample.limitBytes)} (${origin})`,
    `  working set    ${sizeText(sample.workingSetBytes)}, ${shareText(sample.workingSetBytes / sample.limitBytes)}; ${sizeText(sample.headroomBytes)} left`,
    `  heap           ${sizeText(sample.heapUsedBytes)} of ${sizeText(sample.heapLimitBytes)}`,
    `  outside it     external ${sizeText(sample.externalBytes)}, other native ${sizeText(sample.otherNativeBytes)}, other processes ${sizeText(sample.otherProcessesBytes)}`,
  ];
}

function decisionLines(journal: readonly JournalLine[]): string[] {
  const lines = journal.slice(-shownDecisions).map(({ atMs, part, event, numbers }) => {
    const mark = refusalEvent.test(event) ? '-' : '+';
    const words = Object.entries(numbers).map(([name, value]) => `${name} ${valueText(name, value)}`);
    return `  ${mark} ${new Date(atMs).toISOString().slice(11, 19)} ${part} ${event}${words.length === 0 ? '' : `: ${words.join(', ')}`}`;
  });
  const title = `Decisions, the last ${Math.min(shownDecisions, journal.length)} of ${journal.length} (+ done, - not done)`;
  return journal.length === 0 ? [] : [title, ...lines, ''];
}

function valueText(name: string, value: number | string | boolean | null): string {
  if (typeof value !== 'number') return String(value);
  if (name.endsWith('Bytes')) return sizeText(value);
  return String(Math.round(value * 100) / 100);
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n').trimEnd()}\n`;
}
