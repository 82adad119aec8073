import type { Root } from './program-roots.ts';
import type { ScopeView } from './scope-reader.ts';

/** What a container is. */
export type ContainerKind =
  | 'Map'
  | 'Set'
  | 'Array'
  | 'Object'
  | 'Buffer'
  | 'string'
  | 'list'
  | 'WebAssembly memory';

/** One step on the way from a root: a name from source code, or a key of a dictionary, which is never shown. */
export interface PathStep {
  readonly name: string;
  readonly isKey: boolean;
  /** Of how many entries this one is. */
  readonly fanOutCount: number;
}

/** Something that holds many things or much. */
export interface Container {
  /** The same for the same place in the program at another time: root and path, keys left open. */
  readonly key: string;
  readonly kind: ContainerKind;
  readonly source: Root['source'];
  /** URL of the script whose variable the path begins with; empty when none is known. */
  readonly url: string;
  readonly steps: readonly PathStep[];
  /** Entries, elements or bytes. */
  readonly count: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Its entries are responses of `fetch` whose bodies nobody reads: those that were looked at are. */
  readonly isUnread?: boolean;
  /** Key of the nearest container on the way, if there is one. */
  readonly parentKey: string | undefined;
  /** Where it stands, from 1, when that is known better than by its name: the callback of a list of timers. */
  readonly place?: { readonly line: number; readonly column: number };
  /** From where in the script its variable was seen; absent when it hangs on no variable. */
  readonly view?: ScopeView;
  /** The thing itself, as long as it lives: it may be reached by another way at another time. Absent for a text. */
  readonly held?: WeakRef<object>;
}

/** Entries from which a collection counts as a container. */
export const CONTAINER_COUNT = 100;
/** Bytes from which a thing of few entries counts as one. */
export const CONTAINER_BYTES: number = 64 * 1024;

/** What leads to the store of an AsyncLocalStorage: not the asynchronous thing that happens to run in it. */
export const STORE_STEP: PathStep = Object.freeze({
  name: 'AsyncLocalStorage store',
  isKey: false,
  fanOutCount: 1,
});

/** The step to an entry of a collection. */
export function keyStep(fanOutCount: number): PathStep {
  return { name: 'key', isKey: true, fanOutCount };
}

/** The step to a property or variable. */
export function nameStep(name: string, fanOutCount = 1): PathStep {
  return { name, isKey: false, fanOutCount };
}
