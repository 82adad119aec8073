import type { Finding } from '@plimsoll/inspect';
import { formatBytes } from '@plimsoll/memory';
import { threadLabel, threadSubject } from '../isolates/thread-identity.ts';
import { requestText } from '../in-flight/in-flight-request.ts';
import type { IncidentRecord } from './incident-record.ts';

/** README.txt of an incident: what happened, what is here, what to open where. */
export function incidentReadme(record: IncidentRecord): string {
  const { latest, limit, trigger } = record;
  const lines = [
    `Memory incident ${record.id}`,
    '',
    ...(record.ending === undefined ? [] : [record.ending.sentence]),
    record.cause,
    '',
    ...(record.autopsy === undefined || record.cause.includes(record.autopsy.sentence)
      ? []
      : [record.autopsy.sentence, '']),
    trigger.sentence,
    `Opened ${new Date(trigger.atMs).toISOString()}, last written ${new Date(record.updatedAtMs).toISOString()}.`,
    `${subjectOf(record)} on ${record.process.hostName}, Node.js ${record.process.nodeVersion}.`,
    '',
    'Memory when last written',
    `  working set   ${formatBytes(latest.workingSetBytes)} of ${formatBytes(latest.limitBytes)} (${limit.source}: ${limit.origin})`,
    `  heap used     ${formatBytes(latest.heapUsedBytes)} of ${formatBytes(limit.heapLimitBytes)}, V8's own limit`,
    `  external      ${formatBytes(latest.externalBytes)}, of it ArrayBuffers and Buffers ${formatBytes(latest.arrayBuffersBytes)}`,
    `  other native  ${formatBytes(latest.otherNativeBytes)}`,
    `  other processes of the container ${formatBytes(latest.otherProcessesBytes)}`,
    `  deepest level ${record.deepestLevel}`,
    '',
    ...workerLines(record),
    ...neighbourLines(record),
    ...containerLines(record),
    ...requestLines(record),
    ...siteLines(record),
    ...snapshotLines(record),
    'Files',
    ...record.files.map(
      (file) => `  ${file.name.padEnd(26)} ${formatBytes(file.fileBytes).padStart(9)}  ${file.content}`,
    ),
    '',
    'Chrome DevTools opens *.heapprofile and *.heapsnapshot: F12, Memory, Load profile.',
    'A heap snapshot holds strings of the application, secrets among them: treat it as one.',
    'Everything else here holds names from source code, counts, sizes and times only.',
    '',
  ];
  return lines.join('\n');
}

function subjectOf({ process: { pid, thread } }: IncidentRecord): string {
  return thread === undefined ? `Process ${pid}` : `${threadSubject(thread)} of process ${pid}`;
}

/** The heaps of worker threads, which count as memory outside the heap of the main thread. */
function workerLines({ workers = [] }: IncidentRecord): string[] {
  if (workers.length === 0) return [];
  return [
    'Worker threads',
    ...workers
      .slice(0, 8)
      .map(
        (row) =>
          `  ${threadLabel(row)}: heap ${formatBytes(row.heapUsedBytes)} of ${formatBytes(row.heapLimitBytes)}`,
      ),
    '',
  ];
}

/** The processes that share the limit. */
function neighbourLines({ neighbours }: IncidentRecord): string[] {
  if (neighbours === undefined) return [];
  const { rows, sinceMs } = neighbours;
  return [
    `Other processes of the container, and their growth in ${Math.round(sinceMs / 1000)} s`,
    ...rows.map(
      ({ pid, name, anonymousBytes, growthBytes }) =>
        `  pid ${pid} (${name}): ${formatBytes(anonymousBytes)}, ${growthBytes < 0 ? '-' : '+'}${formatBytes(Math.abs(growthBytes))}`,
    ),
    '',
  ];
}

/** Who was being served. */
function requestLines({ requests }: IncidentRecord): string[] {
  if (requests === undefined || requests.count === 0) return [];
  return [
    `Requests in flight at ${new Date(requests.atMs).toISOString()}: ${requests.count}`,
    ...requests.suspects.map((request) => `  ${requestText(request)}`),
    '',
  ];
}

/** What else is large, beside what the first sentence names. */
function containerLines({ autopsy }: IncidentRecord): string[] {
  const others = autopsy?.findings.slice(1).filter(({ kind }) => kind === 'container') ?? [];
  if (others.length === 0) return [];
  return ['Other large containers of the program', ...others.slice(0, 5).map(containerLine), ''];
}

/** `Map products (product-cache.js:4): 2,000 entries, about 1.5 MiB` */
function containerLine({ containerKind, path, file, line, count, bytes, growthBytes }: Finding): string {
  const place = file === '' ? '' : ` (${file}${line > 0 ? `:${line}` : ''})`;
  const growth =
    growthBytes === undefined || growthBytes === 0
      ? ''
      : `, ${growthBytes > 0 ? '+' : '-'}${formatBytes(Math.abs(growthBytes))} since the census`;
  return `  ${containerKind ?? 'Container'} ${path}${place}: ${count.toLocaleString('en-US')} entries, about ${formatBytes(bytes)}${growth}`;
}

function siteLines(record: IncidentRecord): string[] {
  const { sites, sitesOf, captures } = record;
  if (record.trigger.name === 'death') {
    return [
      'No allocation profile: the process was gone before anything was filed. timeline.csv goes to its last tick.',
      '',
    ];
  }
  if (sites.length === 0) {
    return captures.some((capture) => capture.rung === 'profile')
      ? [
          'Which line allocated it is unknown: the memory lies outside the heap, and no sample shows who holds it.',
          '',
        ]
      : ['No allocation profile: see journal.ndjson for the reason.', ''];
  }
  const title =
    sitesOf === 'heap'
      ? 'Where the live memory of the heap was allocated (sampled)'
      : 'Where the handles of memory outside the heap were allocated (sampled; a handle is about 200 bytes, whatever it holds)';
  return [title, ...sites.slice(0, 5).map((site) => `  ${siteSentence(site)}`), ''];
}

/** `62 % (41 MiB) in add, /srv/session-store.js:7:12` */
export function siteSentence(site: IncidentRecord['sites'][number]): string {
  const share = `${Math.round(site.shareRatio * 100)} % (${formatBytes(site.liveBytes)})`;
  return `${share} in ${site.functionName || '(anonymous)'}, ${site.file}:${site.line}:${site.column}`;
}

function snapshotLines(record: IncidentRecord): string[] {
  const taken = record.captures.filter((capture) => capture.rung === 'snapshot');
  if (taken.length > 0) {
    return taken
      .map(
        (capture) =>
          `Heap snapshot ${capture.file}: the service stood still ${Math.round(capture.pauseMs)} ms.`,
      )
      .concat('');
  }
  const refusal = record.refusals.findLast((candidate) => candidate.rung === 'snapshot');
  if (refusal === undefined) return [];
  return ['No heap snapshot:', ...refusal.reasons.map((reason) => `  ${reason}`), ''];
}
