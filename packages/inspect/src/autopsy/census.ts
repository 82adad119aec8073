import { getHeapStatistics } from 'node:v8';
import { journal, processWide } from '@plimsoll/memory';
import type { PausedFrame, PausedScope } from '../near-limit/paused-frame.ts';
import { knownScriptUrls, scriptUrls } from '../near-limit/near-limit-hook.ts';
import { type AllocationProfile, readAllocationProfile } from '../profile/allocation-sampling.ts';
import { locateScript } from '../source/script-location.ts';
import type { ClassCount } from './class-tally.ts';
import type { Container } from './container.ts';
import { ContainerWalk } from './container-walk.ts';
import { knownFunctionRoots } from './known-functions.ts';
import { loadedModules } from './loaded-modules.ts';
import { indexExports } from './module-exports.ts';
import { moduleRoots, processRoots, type Root } from './program-roots.ts';
import { countResidentWasm } from './resident-wasm.ts';
import { ScopeReader, type ScopeView } from './scope-reader.ts';

/** The containers of the program and who allocated what, at one moment. */
export interface Census {
  readonly atMs: number;
  readonly reason: string;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  /** Largest first. */
  readonly containers: readonly Container[];
  /** What the containers hold, by class and by place of functions, most bytes first; estimated from some of their entries. */
  readonly classes: readonly ClassCount[];
  readonly profile: AllocationProfile | undefined;
  /** How long the service stood still for it. */
  readonly tookMs: number;
  readonly visitedCount: number;
  /** True when a bound ended the walk before it had seen everything that can be reached. */
  readonly isCutShort: boolean;
  /** True when what is not listed may have been there all the same: the walk was cut short, or not all scripts were known. */
  readonly isPartial: boolean;
}

/** How a census is taken. */
export interface CensusOptions {
  readonly reason: string;
  /** Frames of a paused stack, when there is one: their local variables are roots too. */
  readonly frames?: readonly PausedFrame[];
  /** A profile that was just read: V8 collects all garbage for a new one. @default readAllocationProfile() */
  readonly profile?: AllocationProfile;
  /**
   * CPU milliseconds the walk may take, without V8's collection for the profile.
   * @default 250
   */
  readonly maxWalkMs?: number;
  /**
   * How long the walk may last where CPU is scarce.
   * @default four times `maxWalkMs`
   */
  readonly maxElapsedMs?: number;
  /**
   * False leaves out what costs most in a large program: V8's list of its scripts, 15–280 ms until it has been asked for once. Functions of scripts that are known by no other
   * way are then not looked into.
   * @default true
   */
  readonly learnsScripts?: boolean;
}

const DEFAULT_WALK_MS = 250;
/** Of the walk's time, how much the roots may take. */
const ROOTS_SHARE = 0.5;
/** And of that the look at what modules export. */
const EXPORTS_SHARE = 0.15;
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
  const isTimeLeft = walkClock(maxWalkMs, options.maxElapsedMs ?? 4 * maxWalkMs);
  let containers: Container[] = [];
  let classes: ClassCount[] = [];
  let visitedCount = 0;
  let isCutShort = false;
  using scopes = new ScopeReader();
  try {
    const urls = urlsOf(profile, options.learnsScripts ?? true);
    const loaded = loadedModules(scopes, (url) => !locateScript(url).isGuard);
    const walk = new ContainerWalk(
      scopes,
      { visitedCount: 60_000, scopeReadCount: 400, depthCount: 8, isTimeLeft: isTimeLeft(1) },
      (scriptId) => urls.get(scriptId) ?? '',
      indexExports(loaded, isTimeLeft(EXPORTS_SHARE)),
    );
    const ofProcess = processRoots(scopes);
    const roots: Root[] = [
      ...moduleRoots(loaded, scopes, isTimeLeft(ROOTS_SHARE)),
      ...ofProcess.first,
      ...frameRoots(options.frames ?? [], scopes, urls),
      ...knownFunctionRoots(scopes, isTimeLeft(ROOTS_SHARE)),
    ];
    walk.walk(roots);
    containers = walk.walk(ofProcess.rest).slice(0, CONTAINERS_KEPT);
    ({ visitedCount, isCutShort, classes } = walk);
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
    ...countResidentWasm({ containers, externalBytes }),
    classes,
    profile,
    tookMs: performance.now() - beganMs,
    visitedCount,
    isCutShort,
    isPartial: isCutShort || options.learnsScripts === false,
  };
}

/** Counts CPU time, because a machine with other work to do is not a longer walk; and the clock, because a service must not stand still for ever. */
function walkClock(maxWalkMs: number, maxElapsedMs: number): (share: number) => () => boolean {
  const beganMs = performance.now();
  const beganCpuMs = cpuMs();
  return (share) => () =>
    cpuMs() - beganCpuMs < maxWalkMs * share && performance.now() - beganMs < maxElapsedMs * share;
}

/** CPU time of this thread; before Node 22.19 and 23.9 that of the process, where V8's own threads, busy with a full heap, count as well. */
function cpuMs(): number {
  const runtime = process as NodeJS.Process & { threadCpuUsage?: () => NodeJS.CpuUsage };
  const { user, system } = runtime.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}

/** URLs by script id: those the armed hook has seen, and those of the profile. */
function urlsOf(profile: AllocationProfile | undefined, learnsScripts: boolean): ReadonlyMap<string, string> {
  const urls = new Map(learnsScripts ? scriptUrls() : knownScriptUrls());
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
    const visible = scopeChain.filter(({ type }) => type !== 'global' && type !== 'script');
    for (const scope of visible) {
      const { type, object } = scope;
      if (object.objectId === undefined) continue;
      const isLocal = type === 'local' || type === 'block' || type === 'catch';
      // Of Node's own frames only what they have in hand: the timer that is running just now is in no list.
      if (isOfNode && !isLocal) continue;
      roots.push({
        source: isLocal ? 'frame' : 'module',
        url: isOfNode ? '' : url,
        values: scopes.frameVariables(object.objectId),
        ...(isOfNode ? {} : { view: viewOf(location, scope, scope === visible.at(-1)) }),
      });
    }
  }
  return roots;
}

/** As V8 describes the same scope of a function. */
function viewOf(
  { scriptId, lineNumber, columnNumber = 0 }: PausedFrame['location'],
  { type, name }: PausedScope,
  isOutermost: boolean,
): ScopeView {
  const word = `${type.slice(0, 1).toUpperCase()}${type.slice(1)}`;
  const label = name === undefined || name === '' ? word : `${word} (${name})`;
  return { location: { scriptId, lineNumber, columnNumber }, label, isOutermost };
}
