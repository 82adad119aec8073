import { formatBytes, type MemorySample } from '@plimsoll/memory';
import { type InFlightRequest, requestText } from '../in-flight/in-flight-request.ts';
import type { IsolateRow } from '../isolates/isolate-words.ts';
import { threadLabel, threadSubject } from '../isolates/thread-identity.ts';
import { siteSentence } from './incident-readme.ts';
import type { IncidentFinding, IncidentRecord } from './incident-record.ts';

/** What the cause is told from. */
export type CauseEvidence = Pick<
  IncidentRecord,
  'autopsy' | 'sites' | 'sitesOf' | 'latest' | 'requests' | 'limit' | 'neighbours' | 'workers'
>;

/** Another part of the container is named as the cause from this share of the limit on. */
const largeRatio = 0.4;
/** From this share of V8's limit on the heap is what ends the process, whatever lies beside it. */
const fullHeapRatio = 0.8;
/** A worker's heap is named from this share of the limit on, where it is larger than that of the main thread. */
const largeWorkerRatio = 0.25;
/** A line is where the handles come from when so many of them do: a service's own. Node's are of its start as often as not. */
const leastHandleRatio = 0.2;
/** A body of this share of what lies outside the heap is told of with it. */
const heavyBodyRatio = 0.1;
/** Sites named in the findings. */
const maxSites = 3;

/** Everything the evidence names, the surest of each rung first: containers, lines, memory outside the heap, other processes, requests. */
export function findingsOf(evidence: CauseEvidence): IncidentFinding[] {
  const { autopsy, sites, sitesOf, latest, requests } = evidence;
  const containers = (autopsy?.findings ?? []).map(
    ({ kind, name, file, line, column, count, bytes, confidence }): IncidentFinding => ({
      kind,
      name,
      file,
      line,
      column,
      count,
      bytes,
      confidence,
      rung: 'autopsy',
    }),
  );
  const lines = sites.slice(0, maxSites).map((site): IncidentFinding => ({
    kind: sitesOf === 'handles' ? 'handle-site' : 'allocation-site',
    name: site.functionName,
    file: site.file,
    line: site.line,
    column: site.column,
    count: 0,
    bytes: site.liveBytes,
    confidence: site.shareRatio,
    rung: 'profile',
  }));
  const request = largestRequest(requests);
  return [
    ...containers,
    ...lines,
    ...neighbourFindings(evidence.neighbours),
    ...workerFindings(largeWorker(evidence)),
    ...partFindings(latest),
    ...(request === undefined
      ? []
      : [plain('request', requestText(request), request.contentLengthBytes ?? 0, 0, 'requests')]),
  ];
}

/** What holds the memory, as far as the evidence allows, in one sentence; it begins with `Unknown` where nothing does. */
export function causeOf(evidence: CauseEvidence): string {
  const { autopsy, sites, sitesOf, latest } = evidence;
  const { limitBytes, otherProcessesBytes, heapUsedBytes, externalBytes, otherNativeBytes } = latest;
  const [site] = sites;
  if (evidence.neighbours?.sentence !== undefined) return evidence.neighbours.sentence;
  const worker = largeWorker(evidence);
  if (worker !== undefined) {
    return `${threadSubject(worker)} holds ${formatBytes(worker.heapUsedBytes)} of heap, of ${formatBytes(limitBytes)} that all may use; an incident of its own says in what.`;
  }
  if (otherProcessesBytes >= limitBytes * largeRatio && otherProcessesBytes > latest.rssBytes) {
    return `Other processes of the container hold ${formatBytes(otherProcessesBytes)} of ${formatBytes(limitBytes)}, this one ${formatBytes(latest.rssBytes)}.`;
  }
  if (autopsy?.findings[0]?.kind === 'container') return autopsy.sentence;
  const isHeapFull = heapUsedBytes >= latest.heapLimitBytes * fullHeapRatio;
  if (!isHeapFull && externalBytes + otherNativeBytes > heapUsedBytes) return offHeapCause(evidence);
  if (site !== undefined && sitesOf === 'heap') {
    return `${siteSentence(site)}: most of what lives in the heap was allocated there. Which variable holds it is unknown.`;
  }
  const request = largestRequest(evidence.requests);
  if (request !== undefined) return `Unknown; the largest request in flight was ${requestText(request)}.`;
  return `Unknown: nothing on file names what holds ${formatBytes(heapUsedBytes)} of heap and ${formatBytes(externalBytes)} outside it.`;
}

/** The worker that holds more than the main thread, and much; undefined where there is none. */
function largeWorker({ workers = [], latest }: CauseEvidence): IsolateRow | undefined {
  const [largest] = workers;
  if (largest === undefined || largest.heapUsedBytes <= latest.heapUsedBytes) return undefined;
  return largest.heapUsedBytes >= latest.limitBytes * largeWorkerRatio ? largest : undefined;
}

function workerFindings(worker: IsolateRow | undefined): IncidentFinding[] {
  if (worker === undefined) return [];
  return [{ ...plain('worker', threadLabel(worker), worker.heapUsedBytes, 0, 'sample'), file: worker.file }];
}

/** The neighbour that grew most, where it is one of them that fills the group. */
function neighbourFindings(neighbours: CauseEvidence['neighbours']): IncidentFinding[] {
  if (neighbours?.sentence === undefined) return [];
  const [grower] = [...neighbours.rows].sort((a, b) => b.growthBytes - a.growthBytes);
  if (grower === undefined) return [];
  return [plain('other-processes', `pid ${grower.pid} (${grower.name})`, grower.anonymousBytes, 0, 'sample')];
}

/** The request with the largest announced body; undefined where none has one. */
function largestRequest(report: CauseEvidence['requests']): InFlightRequest | undefined {
  const [first] = report?.suspects ?? [];
  return first === undefined || first.contentLengthBytes === null ? undefined : first;
}

function offHeapCause({ latest, sites, sitesOf, autopsy, requests }: CauseEvidence): string {
  const { externalBytes, arrayBuffersBytes, otherNativeBytes, limitBytes } = latest;
  const isNative = otherNativeBytes > externalBytes;
  const what = isNative
    ? `Native memory that V8 does not account for holds ${formatBytes(otherNativeBytes)}`
    : arrayBuffersBytes * 2 >= externalBytes
      ? `External: ArrayBuffers and Buffers hold ${formatBytes(arrayBuffersBytes)}`
      : `External memory of native objects holds ${formatBytes(externalBytes)}`;
  const site = sites.find(({ kind, shareRatio }) => kind !== 'node' && shareRatio >= leastHandleRatio);
  const request = largestRequest(requests);
  const bodyBytes = request?.contentLengthBytes ?? 0;
  const served =
    request !== undefined && bodyBytes >= (externalBytes + otherNativeBytes) * heavyBodyRatio
      ? ` The largest request in flight was ${requestText(request)}.`
      : '';
  const where =
    !isNative && site !== undefined && sitesOf === 'handles'
      ? ` Their handles were allocated in ${site.functionName || '(anonymous)'}, ${site.file}:${site.line}.`
      : autopsy === undefined
        ? ''
        : ` ${autopsy.sentence}`;
  return `${what} of ${formatBytes(limitBytes)}.${where}${served}`;
}

/** The parts of memory no line of the program answers for. */
function partFindings(latest: MemorySample): IncidentFinding[] {
  const { arrayBuffersBytes, otherNativeBytes, otherProcessesBytes, limitBytes, workingSetBytes } = latest;
  const share = (bytes: number): number => (workingSetBytes > 0 ? Math.min(1, bytes / workingSetBytes) : 0);
  return [
    plain('external', 'ArrayBuffers', arrayBuffersBytes, share(arrayBuffersBytes), 'sample'),
    plain('native', 'other native memory', otherNativeBytes, share(otherNativeBytes), 'sample'),
    plain(
      'other-processes',
      'other processes of the container',
      otherProcessesBytes,
      share(otherProcessesBytes),
      'sample',
    ),
  ].filter(({ bytes }) => bytes >= limitBytes * (largeRatio / 2));
}

function plain(
  kind: IncidentFinding['kind'],
  name: string,
  bytes: number,
  confidence: number,
  rung: IncidentFinding['rung'],
): IncidentFinding {
  return { kind, name, file: '', line: 0, column: 0, count: 0, bytes, confidence, rung };
}
