import { getHeapStatistics } from 'node:v8';
import { journal } from '@plimsoll/memory';
import type { PausedFrame } from '../near-limit/paused-frame.ts';
import type { AllocationProfile } from '../profile/allocation-sampling.ts';
import type { AllocationSite } from '../profile/allocation-site.ts';
import { type Census, keptCensuses, surveyProgram } from './census.ts';
import { earlierContainers } from './census-growth.ts';
import { type CensusClass, reportClasses } from './census-report.ts';
import type { Container } from './container.ts';
import { containerFinding, type Finding, sentenceOf, siteFinding, type Weighed } from './finding.ts';
import { SourceTexts } from './source-text.ts';

/** What a dying or growing process can say about itself. Written as `autopsy.json`. */
export interface Autopsy {
  readonly schemaVersion: 1;
  readonly atMs: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  /** The culprit first; then other large containers. The first is of kind `allocation-site` when no container explains the growth: better silent than wrong. */
  readonly findings: readonly Finding[];
  /** Where live memory was allocated, largest first, at most 10. */
  readonly sites: readonly AllocationSite[];
  /** What the containers hold, by class and by place of functions, at most 12; `growthCount` is since the census compared with. */
  readonly classes: readonly CensusClass[];
  /** The first finding in a sentence. */
  readonly sentence: string;
  readonly tookMs: number;
  /** Age of the census that growth was measured against, in ms; null when there was none. */
  readonly comparedWithMs: number | null;
  readonly isCutShort: boolean;
}

/** How an autopsy is made. */
export interface AutopsyOptions {
  /** What runs out: decides which bytes count. @default 'heap' */
  readonly subject?: 'heap' | 'off-heap';
  /** Memory of the process outside its heap, native memory included, for the sentence. @default what V8 knows of it */
  readonly offHeapBytes?: number;
  /** Frames of the paused stack, at V8's limit. */
  readonly frames?: readonly PausedFrame[];
  /** A profile that was just read. @default readAllocationProfile() */
  readonly profile?: AllocationProfile;
  /** CPU milliseconds for the walk. @default 250, 400 with `frames`: a process at its limit has nothing better to do */
  readonly maxWalkMs?: number;
}

/** A container must explain so much of the growth since a census to be named … */
const GROWTH_SHARE = 0.4;
/** … or so much of all there is, when there is nothing to compare with: many a service needs half of its heap for one store (53 % of a full one was named for a leak beside it). */
const WHOLE_SHARE = 0.58;
/** A census is worth comparing with when so much has grown since. */
const COMPARABLE_SHARE = 0.1;
/** The outer container grew by so much of what the inner ones grew by: then it is the one that grows. */
const FAN_OUT_SHARE = 0.5;
/** A container inside another is the answer when it holds so much of it. */
const INNER_SHARE = 0.5;
/** What holds less of all there is is not worth a line beside the culprit. */
const OTHERS_SHARE = 0.01;
/** A line that less of the heap, or of its growth, comes from than this answers for nothing: every program has one that allocates most. */
const ANSWER_SHARE = 0.2;
/** What V8 knows of outside the heap may be little of what is there: who holds most of that little is named only where it is this share of the whole. */
const OUTSIDE_SHARE = 1 / 3;
/** From so many responses on that nobody reads, and so many bytes for each of them, they are the likely answer to what lies outside the heap and is nobody's: 64 KiB are what one read of a socket brings. */
const LEAST_UNREAD_COUNT = 100;
const LEAST_UNREAD_BYTES = 4 * 1024;
const MOST_UNREAD_BYTES = 512 * 1024;
/** Their bytes are not seen: it is likely, and no more. */
const UNREAD_CONFIDENCE = 0.5;
/** A census lists every collection of so many entries. */
const LEAST_LISTED_COUNT = 100;
const LIVING_WALK_MS = 250;
const DYING_WALK_MS = 400;
/** At the limit there is nothing to wait for: where CPU is scarce the same 400 ms of it may take so long. */
const DYING_ELAPSED_MS = 8000;
const FINDINGS_SHOWN = 8;
const SITES_SHOWN = 10;
const CLASSES_SHOWN = 12;

/** Says which container of the program holds what has grown, and where it was allocated. Synchronous, ≤ 0.5 s; within V8's pause at its limit or at any other time. Never throws. */
export function performAutopsy(options: AutopsyOptions = {}): Autopsy {
  const beganMs = performance.now();
  const now = surveyProgram({
    reason: 'autopsy',
    ...(options.frames === undefined ? {} : { frames: options.frames }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    maxWalkMs: options.maxWalkMs ?? (options.frames === undefined ? LIVING_WALK_MS : DYING_WALK_MS),
    ...(options.frames === undefined ? {} : { maxElapsedMs: DYING_ELAPSED_MS }),
  });
  const isOffHeap = options.subject === 'off-heap';
  const question = { isOffHeap, beganMs, offHeapBytes: options.offHeapBytes ?? 0 };
  try {
    return conclude(now, question);
  } catch (error) {
    // What the service has put in the place of a method of V8's, most likely. What the profile says is said all the same.
    journal().write('inspect', 'autopsy-failed', {
      error: error instanceof Error ? error.name : 'unknown',
    });
    return statement({ ...now, isCutShort: true }, undefined, question, []);
  }
}

/** What an autopsy was asked, and when it began. */
interface Question {
  readonly isOffHeap: boolean;
  readonly beganMs: number;
  /** What the asker counts outside the heap; V8 does not know of all. */
  readonly offHeapBytes: number;
}

/** Compares with the census before, and names what explains the growth. */
function conclude(now: Census, question: Question): Autopsy {
  const { isOffHeap } = question;
  const then = comparable(now, isOffHeap);
  const weighed = weigh(now, then, isOffHeap);
  const outsideBytes = Math.max(wholeOf(now, true), question.offHeapBytes);
  const found = findCulprit(weighed, now, then, isOffHeap);
  const isAnswer = !isOffHeap || (found?.bytes ?? 0) >= OUTSIDE_SHARE * outsideBytes;
  const explaining = isAnswer ? found : undefined;
  const unread = isOffHeap ? findUnread(weighed, outsideBytes) : undefined;
  // What is reached through a connection is where Node keeps it; a variable of the program says more.
  const culprit = explaining?.container.source === 'handle' ? (unread ?? explaining) : (explaining ?? unread);
  const texts = new SourceTexts();
  const site = answerableSite(now, isOffHeap ? undefined : then);
  const leastBytes = OTHERS_SHARE * wholeOf(now, isOffHeap);
  const others = weighed
    .filter((entry) => entry.container !== culprit?.container && entry.bytes >= leastBytes)
    .slice(0, FINDINGS_SHOWN - 1);
  const explained = (entry: Weighed): number =>
    entry === explaining ? shareOf(entry, now, then, isOffHeap) : UNREAD_CONFIDENCE;
  const findings: Finding[] = [
    culprit === undefined ? siteFinding(site) : containerFinding(culprit, explained(culprit), texts, site),
    ...others.map((entry) => containerFinding(entry, 0, texts, undefined)),
  ];
  return statement(now, then, question, findings);
}

function statement(
  now: Census,
  then: Census | undefined,
  { isOffHeap, beganMs, offHeapBytes }: Question,
  findings: readonly Finding[],
): Autopsy {
  const { heap_size_limit: heapLimitBytes } = getHeapStatistics();
  const site = answerableSite(now, isOffHeap ? undefined : then);
  const [first = siteFinding(site)] = findings;
  return {
    schemaVersion: 1,
    atMs: now.atMs,
    heapUsedBytes: now.heapUsedBytes,
    heapLimitBytes,
    findings: [first, ...findings.slice(1)],
    sites: now.profile?.sites.slice(0, SITES_SHOWN) ?? [],
    classes: reportClasses(now.classes, then?.classes, CLASSES_SHOWN),
    sentence: sentenceOf(
      first,
      site,
      Math.max(wholeOf(now, isOffHeap), isOffHeap ? offHeapBytes : 0),
      isOffHeap,
    ),
    tookMs: performance.now() - beganMs,
    comparedWithMs: then === undefined ? null : now.atMs - then.atMs,
    isCutShort: now.isCutShort,
  };
}

const bytesOf = (container: Container, isOffHeap: boolean): number =>
  isOffHeap ? container.externalBytes : container.heapBytes;
const wholeOf = (census: Census, isOffHeap: boolean): number =>
  isOffHeap ? census.externalBytes : census.heapUsedBytes;

/** The latest census since which enough has grown; one that is whole before one that is not. */
function comparable(now: Census, isOffHeap: boolean): Census | undefined {
  const whole = wholeOf(now, isOffHeap);
  const grownSince = keptCensuses().filter(
    (census) => whole - wholeOf(census, isOffHeap) >= COMPARABLE_SHARE * whole,
  );
  return grownSince.findLast(({ isPartial }) => !isPartial) ?? grownSince.at(-1);
}

function weigh(now: Census, then: Census | undefined, isOffHeap: boolean): Weighed[] {
  const earlierOf = earlierContainers(then?.containers ?? []);
  const whole = wholeOf(now, isOffHeap);
  const list = now.containers.map((container): Weighed => {
    // Estimates err by up to a factor of two; nothing holds more than there is.
    const bytes = Math.min(whole, bytesOf(container, isOffHeap));
    if (then === undefined) return { container, bytes, growthBytes: undefined, growthCount: undefined };
    const earlier = earlierOf(container);
    // It may have been there unseen: then nothing is known of its growth.
    if (earlier === undefined && then.isPartial)
      return { container, bytes, growthBytes: undefined, growthCount: undefined };
    return {
      container,
      bytes,
      growthBytes: bytesOf(container, isOffHeap) - (earlier === undefined ? 0 : bytesOf(earlier, isOffHeap)),
      // What is not in a census may have been too small to be in it.
      growthCount:
        earlier === undefined && container.count < LEAST_LISTED_COUNT
          ? undefined
          : container.count - (earlier?.count ?? 0),
    };
  });
  return list.sort((a, b) => (b.growthBytes ?? b.bytes) - (a.growthBytes ?? a.bytes));
}

function shareOf(entry: Weighed, now: Census, then: Census | undefined, isOffHeap: boolean): number {
  const whole = wholeOf(now, isOffHeap);
  if (then === undefined || entry.growthBytes === undefined)
    return whole > 0 ? Math.min(1, entry.bytes / whole) : 0;
  const grown = whole - wholeOf(then, isOffHeap);
  return grown > 0 ? Math.min(1, entry.growthBytes / grown) : 0;
}

/** The innermost container that explains the growth; undefined rather than one that does not. */
function findCulprit(
  weighed: readonly Weighed[],
  now: Census,
  then: Census | undefined,
  isOffHeap: boolean,
): Weighed | undefined {
  const explains = (entry: Weighed): boolean =>
    shareOf(entry, now, then, isOffHeap) >= (entry.growthBytes === undefined ? WHOLE_SHARE : GROWTH_SHARE);
  // What is known to have grown comes before what may have.
  const largest =
    weighed.find((entry) => entry.growthBytes !== undefined && explains(entry)) ?? weighed.find(explains);
  if (largest === undefined) return undefined;
  let culprit = outermost(largest, weighed);
  for (;;) {
    const { key } = culprit.container;
    const weight = culprit.growthBytes ?? culprit.bytes;
    const inner = weighed.find(
      ({ container, growthBytes, bytes }) =>
        container.parentKey === key && (growthBytes ?? bytes) >= INNER_SHARE * weight,
    );
    if (inner === undefined || isByFanOut(culprit, inner)) return culprit;
    culprit = inner;
  }
}

/** The responses of `fetch` that nobody reads, where what lies outside the heap comes to what such a one keeps; fewer than there were are none that leak. */
function findUnread(weighed: readonly Weighed[], outsideBytes: number): Weighed | undefined {
  const [most] = weighed
    .filter(({ container }) => container.isUnread === true)
    .sort((a, b) => b.container.count - a.container.count);
  if (most === undefined || most.container.count < LEAST_UNREAD_COUNT) return undefined;
  if (most.growthCount !== undefined && most.growthCount <= 0) return undefined;
  const eachBytes = outsideBytes / most.container.count;
  return eachBytes >= LEAST_UNREAD_BYTES && eachBytes <= MOST_UNREAD_BYTES ? most : undefined;
}

/** The container whose new entries brought `inner` with them, with at least its weight; `inner` itself when there is none. */
function outermost(inner: Weighed, weighed: readonly Weighed[]): Weighed {
  const outer = weighed.find(({ container }) => container.key === inner.container.parentKey);
  if (outer === undefined || !isByFanOut(outer, inner)) return inner;
  const growthBytes =
    outer.growthBytes === undefined || inner.growthBytes === undefined
      ? outer.growthBytes
      : Math.max(outer.growthBytes, inner.growthBytes);
  const heavier = { ...outer, bytes: Math.max(outer.bytes, inner.bytes), growthBytes };
  return outermost(heavier, weighed);
}

/**
 * True when the inner containers are many because the outer has many entries: 13,000 sessions of a cart each are a leak of sessions, 50 tenants of 20,000 handlers each one of
 * handlers. By growth where there is a census: new entries of the outer bring their share of the inner with them.
 */
function isByFanOut(outer: Weighed, inner: Weighed): boolean {
  const newShare = ({ container, growthCount }: Weighed): number | undefined =>
    growthCount === undefined || container.count === 0 ? undefined : growthCount / container.count;
  const outerShare = newShare(outer);
  const innerShare = newShare(inner);
  if (outerShare !== undefined && innerShare !== undefined)
    return outerShare > 0 && outerShare >= FAN_OUT_SHARE * innerShare;
  return outer.container.count * outer.container.count >= inner.container.count;
}

/** The function whose live bytes have grown most since the census, else the one with most; undefined when that is few. */
function answerableSite(now: Census, then: Census | undefined): AllocationSite | undefined {
  const sites = now.profile?.sites ?? [];
  const keyOf = ({ functionName, file, line, column }: AllocationSite): string =>
    `${functionName}|${file}|${line}|${column}`;
  const before = new Map(then?.profile?.sites.map((site) => [keyOf(site), site.liveBytes]));
  const growthOf = (site: AllocationSite): number => site.liveBytes - (before.get(keyOf(site)) ?? 0);
  let best: AllocationSite | undefined;
  for (const site of sites) {
    if (site.kind === 'node') continue;
    if (best === undefined || growthOf(site) > growthOf(best)) best = site;
  }
  const answer = best ?? sites[0];
  const grownBytes = now.heapUsedBytes - (then?.heapUsedBytes ?? 0);
  return answer !== undefined && growthOf(answer) >= ANSWER_SHARE * grownBytes ? answer : undefined;
}
