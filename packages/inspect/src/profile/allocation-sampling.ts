import { getHeapStatistics } from 'node:v8';
import { journal, PlimsollError, processWide } from '@plimsoll/memory';
import { openInspector } from '../inspector/inspector.ts';
import { type AllocationSite, findAllocationSites } from './allocation-site.ts';
import { type HeapProfile, type HeapProfileNode, withoutSecrets } from './heap-profile.ts';

/** How {@link startAllocationSampling} samples. */
export interface AllocationSamplingOptions {
  /**
   * One sample for each so many allocated bytes, on average. Smaller is finer and dearer: at 256 KiB neither CPU nor memory can be told from a run without sampling.
   * @default 262144 (256 KiB)
   */
  readonly intervalBytes?: number;
}

/** The defaults of {@link AllocationSamplingOptions}. */
export const allocationSamplingDefaults: Required<AllocationSamplingOptions> = Object.freeze({
  intervalBytes: 256 * 1024,
});

/** Who allocated what is alive now, from samples taken since {@link startAllocationSampling}. */
export interface AllocationProfile {
  /** V8's own profile: written as JSON it is a `.heapprofile` for Chrome DevTools. URLs are paths of source code only. */
  readonly raw: HeapProfile;
  /** All live sampled bytes but the guard's. */
  readonly totalBytes: number;
  /** Live bytes by answerable function: the application's first, largest first. */
  readonly sites: readonly AllocationSite[];
  /** Live bytes of the guard itself, left out of `sites`. */
  readonly guardBytes: number;
  /** One sample stands for so many allocated bytes. */
  readonly intervalBytes: number;
  /** Milliseconds the question took; V8 collects all garbage first, so this grows with the heap. */
  readonly readMs: number;
}

interface SamplingState {
  intervalBytes: number;
  /** Another session or a native profiler started V8's one sampler: we read it and never stop it. */
  isForeign: boolean;
  isOn: boolean;
  /** What was alive when sampling last had to be started anew. */
  earlier: HeapProfile | undefined;
}

function state(): SamplingState {
  return processWide('allocation-sampling', () => ({
    intervalBytes: 0,
    isForeign: false,
    isOn: false,
    earlier: undefined,
  }));
}

/**
 * Starts V8's sampling heap profiler for the life of the process; a second call changes nothing. Where there is no inspector it does nothing: {@link readAllocationProfile}
 * then returns undefined.
 * @throws ERR_PLIMSOLL_OPTION for an interval that is not 1 KiB to 64 MiB.
 */
export function startAllocationSampling(options: AllocationSamplingOptions = {}): void {
  const { intervalBytes } = { ...allocationSamplingDefaults, ...options };
  if (!Number.isInteger(intervalBytes) || intervalBytes < 1024 || intervalBytes > 64 * 1024 * 1024) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      `intervalBytes is ${String(intervalBytes)}: expected whole bytes from 1024 to 67108864; 262144 suits a service.`,
      { details: { option: 'intervalBytes', value: intervalBytes } },
    );
  }
  const sampling = state();
  const inspector = openInspector();
  if (sampling.isOn || !inspector.available) return;
  // V8 has one sampler per isolate and refuses a second start silently: an answer before our start is somebody else's profile.
  sampling.isForeign = inspector.tryAsk('HeapProfiler.getSamplingProfile') !== undefined;
  sampling.intervalBytes = intervalBytes;
  sampling.isOn = sampling.isForeign || start(intervalBytes);
  journal().write('inspect', 'sampling-started', { intervalBytes, foreign: sampling.isForeign });
}

function start(intervalBytes: number): boolean {
  return (
    openInspector().tryAsk('HeapProfiler.startSampling', { samplingInterval: intervalBytes }) !== undefined
  );
}

/** Stops what {@link startAllocationSampling} started. A sampler that somebody else started goes on. */
export function stopAllocationSampling(): void {
  const sampling = state();
  if (sampling.isOn && !sampling.isForeign) openInspector().tryAsk('HeapProfiler.stopSampling');
  sampling.isOn = false;
  sampling.earlier = undefined;
}

/** True while V8's sampler runs, ours or somebody else's. */
export function isSamplingOn(): boolean {
  return state().isOn;
}

/** True when V8's sampler is somebody else's: then {@link pauseAllocationSampling} cannot stop it. */
export function isSamplingForeign(): boolean {
  return state().isForeign;
}

/**
 * Stops the sampler for as long as `work` takes. V8 keeps what a heap snapshot allocated for names while a sampler runs. What was alive before is kept, and counts in later
 * profiles as far as the heap still has room for it.
 */
export function pauseAllocationSampling(work: () => void): void {
  const sampling = state();
  const inspector = openInspector();
  if (!sampling.isOn || sampling.isForeign) {
    work();
    return;
  }
  const before = inspector.tryAsk<{ profile: HeapProfile }>('HeapProfiler.getSamplingProfile');
  if (before !== undefined) sampling.earlier = combined(before.profile, sampling.earlier);
  inspector.tryAsk('HeapProfiler.stopSampling');
  try {
    work();
  } finally {
    sampling.isOn = start(sampling.intervalBytes);
  }
}

/**
 * Who allocated what is alive now; undefined without inspector or before sampling was started. V8 collects all garbage for it: 20 ms at 20 MB of heap, 65–310 ms at 350 MB.
 * Ask when a decision needs it, not each tick. Never throws.
 */
export function readAllocationProfile(): AllocationProfile | undefined {
  const sampling = state();
  if (!sampling.isOn) return undefined;
  const beganMs = performance.now();
  const answer = openInspector().tryAsk<{ profile: HeapProfile }>('HeapProfiler.getSamplingProfile');
  if (answer === undefined) {
    // Somebody stopped V8's one sampler. What it knew is lost; from here on it is ours.
    sampling.isForeign = false;
    sampling.isOn = start(sampling.intervalBytes);
    journal().write('inspect', 'sampling-restarted', { intervalBytes: sampling.intervalBytes });
    return undefined;
  }
  const whole = combined(answer.profile, sampling.earlier);
  const { sites, totalBytes, guardBytes } = findAllocationSites(whole);
  const raw = withoutSecrets(whole);
  const { intervalBytes } = sampling;
  return { raw, totalBytes, sites, guardBytes, intervalBytes, readMs: performance.now() - beganMs };
}

/** Both profiles in one: what was alive at the earlier one is thought to have shrunk evenly to what the heap holds beside the newer one. */
function combined(newer: HeapProfile, earlier: HeapProfile | undefined): HeapProfile {
  if (earlier === undefined) return newer;
  const roomBytes = Math.max(0, getHeapStatistics().used_heap_size - selfBytes(newer.head));
  const earlierBytes = selfBytes(earlier.head);
  const shareRatio = earlierBytes > 0 ? Math.min(1, roomBytes / earlierBytes) : 0;
  const children = [
    ...newer.head.children,
    ...earlier.head.children.map((child) => scaled(child, shareRatio)),
  ];
  return {
    head: { ...newer.head, children },
    samples: [...(newer.samples ?? []), ...(earlier.samples ?? [])],
  };
}

/** V8 numbers nodes from 1 in each profile: those of the earlier one get negative numbers, which DevTools takes. */
function scaled(node: HeapProfileNode, shareRatio: number): HeapProfileNode {
  return {
    ...node,
    id: -Math.abs(node.id),
    selfSize: Math.round(node.selfSize * shareRatio),
    children: node.children.map((child) => scaled(child, shareRatio)),
  };
}

function selfBytes(node: HeapProfileNode): number {
  let bytes = node.selfSize;
  for (const child of node.children) bytes += selfBytes(child);
  return bytes;
}
