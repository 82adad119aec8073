import { SnapshotError } from '../errors.ts';
import { minContainerItems } from './containers.ts';
import type { PathStep, Place } from './place.ts';
import type { Site } from './sites.ts';

/** Another container that leads to the same objects. */
export interface Holder {
  /** Class of the holder: `Map`, `Array`, `Object`, … */
  readonly containerClass: string;
  /** Where it hangs. */
  readonly place: Place;
  /** How many objects it holds itself. */
  readonly itemCount: number;
  /** How many of the suspect's objects it leads to. */
  readonly heldCount: number;
}

/** How a container changed since an earlier snapshot of the same process. */
export interface Growth {
  /** Items of now that were not in the container then. */
  readonly addedCount: number;
  /** Items of then that are gone from the container. */
  readonly removedCount: number;
}

/** What kind of accumulation a suspect is. */
export type SuspectKind = 'container' | 'chain' | 'single';

/** Something that holds a large part of the heap, named as its program names it. */
export interface Suspect {
  /** The finding in one sentence. */
  readonly sentence: string;
  readonly kind: SuspectKind;
  /** Class of the holder. */
  readonly containerClass: string;
  /** Id of the holder; the `@number` of Chrome DevTools. */
  readonly containerId: number;
  /** Where the holder hangs. */
  readonly place: Place;
  /** Class of what it holds most of, by weight. */
  readonly itemClass: string;
  /** How many of {@link itemClass} it holds. */
  readonly itemCount: number;
  /** How many objects of {@link itemClass} there are in the whole heap. */
  readonly classCount: number;
  /** Bytes that the holder and its items keep. */
  readonly retainedBytes: number;
  /** {@link retainedBytes} of the whole heap, 0 to 1. */
  readonly heapRatio: number;
  /** Who else leads to the items. */
  readonly alsoHeldBy: readonly Holder[];
  /** Where the functions among the items were written, when there are any. */
  readonly sites: readonly Site[];
  /** Shortest path from a root to the holder. */
  readonly path: readonly PathStep[];
  /** Change since the previous snapshot, when there was one. */
  readonly growth?: Growth;
}

/** Options of {@link findSuspects}. */
export interface FindSuspectsOptions {
  /** Smallest part of the heap worth a sentence, 0 to 1. @default 0.05 */
  readonly minHeapRatio?: number;
  /** Smallest weight worth a sentence: a fresh process has tables of its own of some hundred kilobytes. @default 1 MiB */
  readonly minRetainedBytes?: number;
  /** Fewest items that make a container. @default 64 */
  readonly minItemCount?: number;
  /** Most suspects returned. @default 10 */
  readonly maxSuspects?: number;
}

/** The defaults of {@link FindSuspectsOptions}. */
export const suspectDefaults: Readonly<Required<FindSuspectsOptions>> = Object.freeze({
  minHeapRatio: 0.05,
  minRetainedBytes: 1 << 20,
  minItemCount: minContainerItems,
  maxSuspects: 10,
});

/** Fills in the defaults and refuses what cannot be used. */
export function checkSuspectOptions(options: FindSuspectsOptions): Required<FindSuspectsOptions> {
  const settings = {
    minHeapRatio: options.minHeapRatio ?? suspectDefaults.minHeapRatio,
    minRetainedBytes: options.minRetainedBytes ?? suspectDefaults.minRetainedBytes,
    minItemCount: options.minItemCount ?? suspectDefaults.minItemCount,
    maxSuspects: options.maxSuspects ?? suspectDefaults.maxSuspects,
  };
  const { minHeapRatio, minItemCount, maxSuspects } = settings;
  if (!(minHeapRatio >= 0 && minHeapRatio <= 1)) {
    throw new SnapshotError(
      'ERR_SNAPSHOT_OPTION',
      `minHeapRatio is ${minHeapRatio}; expected a number from 0 to 1, such as 0.05`,
    );
  }
  for (const [name, value] of Object.entries({ minItemCount, maxSuspects })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new SnapshotError(
        'ERR_SNAPSHOT_OPTION',
        `${name} is ${value}; expected a whole number from 1 on`,
      );
    }
  }
  return settings;
}
