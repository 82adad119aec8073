import { getHeapStatistics } from 'node:v8';
import { journal, processWide } from '@plimsoll/memory';
import type { PausedFrame } from '../near-limit/paused-frame.ts';
import { scriptUrls } from '../near-limit/near-limit-hook.ts';
import { type AllocationProfile, readAllocationProfile } from '../profile/allocation-sampling.ts';
import { locateScript } from '../source/script-location.ts';
import { type Container, ContainerWalk } from './container-walk.ts';
import { moduleRoots, processRoots, type Root } from './program-roots.ts';
import { ScopeReader } from './scope-reader.ts';

/** The containers of the program and who allocated what, at one moment. */
export interface Census {
  readonly atMs: number;
  readonly reason: string;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  /** Largest first. */
  readonly containers: readonly Container[];
  readonly profile: AllocationProfile | undefined;
  /** How long the service stood still for it. */
  readonly tookMs: number;
  readonly visitedCount: number;
  /** True when a bound ended the walk before it had seen everything that can be reached. */
  readonly isCutShort: boolean;
}

/** How a census is taken. */
export interface CensusOptions {
  readonly reason: string;
  /** Frames of a paused stack, when there is one: their local variables are roots too. */
  readonly frames?: readonly PausedFrame[];
  /** A profile that was just read: V8 collects all garbage for a new one. @default readAllocationProfile() */
  readonly profile?: AllocationProfile;
  /**
   * CPU milliseconds the walk may take, without V8's collection for the profile; where CPU is scarce it may last four times as long.
   * @default 250
   */
  readonly maxWalkMs?: number;
}

const DEFAULT_WALK_MS = 250;
/** Of the walk's time, how much the roots may take. */
const ROOTS_SHARE = 0.5;
const CONTAINERS_KEPT = 200;
const CENSUSES_KEPT = 4;

interface CensusHistory {
  /** The first, and the latest ones. */
  kept: Census[];
}

function history(): CensusHistory {
  return processWide('censuses', () => ({ kept: [] }));
}

/** The censuses kept for comparison: the first of the process and the latest, oldest first. */
export function keptCensuses(): readonly Census[] {
  return history().kept;
}

/** Takes a light census and keeps it: containers that can be reached, with counts and estimated bytes; 20–200 ms. Never throws. */
export function takeCensus(options: CensusOptions): Census {
  const census = surveyProgram(options);
  const { kept } = history();
  kept.push(census);
  // The first stays: a slow leak shows against it, a fast one against the latest.
  if (kept.length > CENSUSES_KEPT) kept.splice(1, 1);
  const { reason, tookMs, visitedCount, isCutShort } = census;
  journal().write('inspect', 'census', {
    reason,
    tookMs,
    visitedCount,
    isCutShort,
    containerCount: census.containers.length,
  });
  return census;
}

/** The same without keeping it. */
export function surveyProgram(options: CensusOptions): Census {
  const beganMs = performance.now();
  const profile = options.profile ?? readAllocationProfile();
  const { used_heap_size: heapUsedBytes, external_memory: externalBytes } = getHeapStatistics();
  const maxWalkMs = options.maxWalkMs ?? DEFAULT_WALK_MS;
  const isTimeLeft = walkClock(maxWalkMs);
  let containers: Container[] = [];
  let visitedCount = 0;
  let isCutShort = false;
  using scopes = new ScopeReader();
  try {
    const urls = urlsOf(profile);
    const walk = new ContainerWalk(
      scopes,
      { visitedCount: 60_000, scopeReadCount: 400, depthCount: 8, isTimeLeft: isTimeLeft(1) },
      (scriptId) => urls.get(scriptId) ?? '',
    );
    const roots: Root[] = [
      ...moduleRoots(scopes, (url) => !locateScript(url).isGuard, isTimeLeft(ROOTS_SHARE)),
      ...processRoots(scopes),
      ...frameRoots(options.frames ?? [], scopes, urls),
    ];
    containers = walk.walk(roots).slice(0, CONTAINERS_KEPT);
    ({ visitedCount, isCutShort } = walk);
  } catch (error) {
    isCutShort = true;
    journal().write('inspect', 'census-failed', {
      error: error instanceof Error ? error.message : 'unknown',
    });
  }
  return {
    atMs: Date.now(),
    reason: options.reason,
    heapUsedBytes,
    externalBytes,
    containers,
    profile,
    tookMs: performance.now() - beganMs,
    visitedCount,
    isCutShort,
  };
}

/** Counts CPU time, because a machine with other work to do is not a longer walk; and the clock, because a service must not stand still for ever. */
function walkClock(maxWalkMs: number): (share: number) => () => boolean {
  const beganMs = performance.now();
  const beganCpuMs = cpuMs();
  return (share) => () =>
    cpuMs() - beganCpuMs < maxWalkMs * share && performance.now() - beganMs < 4 * maxWalkMs * share;
}

/** CPU time of this thread; before Node 22.19 and 23.9 that of the process, where V8's own threads, busy with a full heap, count as well. */
function cpuMs(): number {
  const runtime = process as NodeJS.Process & { threadCpuUsage?: () => NodeJS.CpuUsage };
  const { user, system } = runtime.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}

/** URLs by script id: those the armed hook has seen, and those of the profile. */
function urlsOf(profile: AllocationProfile | undefined): ReadonlyMap<string, string> {
  const urls = new Map(scriptUrls());
  const pending = profile === undefined ? [] : [profile.raw.head];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.callFrame.url !== '') urls.set(node.callFrame.scriptId, node.callFrame.url);
    pending.push(...node.children);
  }
  return urls;
}

/** The variables of the paused frames: what the service had in hand. Scopes around a function that are the module's are the module's. */
function frameRoots(
  frames: readonly PausedFrame[],
  scopes: ScopeReader,
  urls: ReadonlyMap<string, string>,
): Root[] {
  const roots: Root[] = [];
  for (const { location, scopeChain } of frames.slice(0, 32)) {
    const url = urls.get(location.scriptId) ?? '';
    if (locateScript(url).isGuard) continue;
    const isOfNode = url === '' || url.startsWith('node:');
    for (const { type, object } of scopeChain) {
      if (type === 'global' || type === 'script' || object.objectId === undefined) continue;
      const isLocal = type === 'local' || type === 'block' || type === 'catch';
      // Of Node's own frames only what they have in hand: the timer that is running just now is in no list.
      if (isOfNode && !isLocal) continue;
      const values = scopes.frameVariables(object.objectId);
      roots.push({ source: isLocal ? 'frame' : 'module', url: isOfNode ? '' : url, values });
    }
  }
  return roots;
}
