import {
  type AllocationProfile,
  readAllocationProfile,
  startAllocationSampling,
  stopAllocationSampling,
} from '@plimsoll/inspect';
import { journal, type MemorySample } from '@plimsoll/memory';
import type { PprofEncoder } from '../backends/pprof-encoder.ts';
import type { IncidentEpisode } from '../incident/incident-episode.ts';
import { isMostlyOffHeap, findHandleSites } from './off-heap-sites.ts';

const fileName = 'allocation.heapprofile';
const pprofFileName = 'allocation.pb.gz';
const offHeapFileName = 'allocation-off-heap.heapprofile';

/**
 * Interval of the sampler while memory outside the heap is what grows. A Buffer of any size is a handle of about 200 bytes in the heap: at the usual 256 KiB three
 * thousand Buffers leave two samples, at 16 KiB forty. It costs a few per cent of CPU, in a process that is about to die of it.
 */
const offHeapIntervalBytes = 16 * 1024;

/**
 * The cheapest rung that names a line of source code: the sampling profile, written into the incident in place of the older one. V8 collects all garbage for it, so
 * the heap read right afterwards is the live heap.
 */
export class ProfileRung {
  readonly #pprof: PprofEncoder | undefined;
  #isFine = false;

  /** `pprof` writes profiles for `go tool pprof` as well. */
  constructor(pprof: PprofEncoder | undefined) {
    this.#pprof = pprof;
  }

  /**
   * Writes the profile as it is now. Returns it, or undefined when there is none.
   * @throws what the file system throws; the older profile then stays.
   */
  take(episode: IncidentEpisode, sample: MemorySample): AllocationProfile | undefined {
    const beganMs = performance.now();
    const profile = readAllocationProfile();
    if (profile === undefined) {
      const reasons = ['V8 gave no allocation profile: the inspector is not available in this process.'];
      episode.addRefusal({ atMs: Date.now(), rung: 'profile', reasons, numbers: {} });
      return undefined;
    }
    const isOffHeap = isMostlyOffHeap(sample);
    const sites = isOffHeap ? findHandleSites(profile) : profile.sites;
    // A line that is known stays known when a later profile, made of fewer samples, does not show it again.
    if (sites.length > 0) episode.setSites(sites, isOffHeap ? 'handles' : 'heap');
    const file = episode.folder.write(
      this.#isFine ? offHeapFileName : fileName,
      this.#isFine
        ? 'what was allocated since memory outside the heap grew, finer'
        : 'where the live memory of the heap was allocated',
      JSON.stringify(profile.raw),
    );
    const pauseMs = performance.now() - beganMs;
    episode.addCapture({
      atMs: Date.now(),
      rung: 'profile',
      file: file.name,
      fileBytes: file.fileBytes,
      pauseMs,
      numbers: { liveBytes: profile.totalBytes, siteCount: profile.sites.length },
      check: 'whole',
    });
    journal().write('capture', 'profile-written', {
      file: file.name,
      fileBytes: file.fileBytes,
      pauseMs: Math.round(pauseMs),
    });
    if (!this.#isFine && isOffHeap) this.#sample(offHeapIntervalBytes);
    return profile;
  }

  /**
   * Writes the same profile for other tools, where there is one and room for it. After the record: it is a convenience.
   * @throws what the file system throws; the older file then stays.
   */
  takePprof(episode: IncidentEpisode, sample: MemorySample, profile: AllocationProfile | undefined): void {
    if (profile === undefined) return;
    const bytes = this.#pprof?.encode(profile.raw, sample);
    if (bytes === undefined) return;
    episode.folder.write(pprofFileName, 'the same profile for go tool pprof and speedscope', bytes);
  }

  /** Back to the usual interval. */
  end(): void {
    if (this.#isFine) this.#sample(undefined);
  }

  /** V8 has one sampler, and forgets its samples when it is started anew: what it knew is on disk by now. */
  #sample(intervalBytes: number | undefined): void {
    this.#isFine = intervalBytes !== undefined;
    stopAllocationSampling();
    startAllocationSampling(intervalBytes === undefined ? {} : { intervalBytes });
  }
}
