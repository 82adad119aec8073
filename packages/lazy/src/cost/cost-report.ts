/** What something cost while it loaded. */
export interface LoadCost {
  /** CPU of the process, collections of the measurement left out. */
  readonly cpuMs: number;
  /** JavaScript heap that is still in use, by a full collection before and after each package. */
  readonly heapBytes: number;
  /** Anonymous resident memory: what the kernel counts against the limit and cannot take back. Three to nine times the heap. 0 where /proc is missing. */
  readonly anonymousBytes: number;
}

/** One file that was loaded. */
export interface FileCost {
  /** `file:` URL or path. */
  readonly file: string;
  readonly package: string;
  readonly format: 'module' | 'commonjs';
  /** What loading this file cost without the files it loads. */
  readonly self: LoadCost;
  /** The package of the file that first asked for it. */
  readonly askedBy: string | undefined;
  /** Milliseconds from the start of the process until it was loaded. */
  readonly atMs: number;
}

/** One package: the sum of its files. */
export interface PackageCost {
  readonly package: string;
  readonly fileCount: number;
  readonly self: LoadCost;
  /** With all packages that are loaded because of this one (each counted for whoever asked first). */
  readonly cumulative: LoadCost;
  /** The packages that first asked for one of its files. */
  readonly askedBy: readonly string[];
  /**
   * Whether one of its functions ran after the start, or one of its files was loaded after it. undefined while that is not known. A package that only holds data
   * runs nothing.
   */
  readonly used: boolean | undefined;
}

/** What `plimsoll modules` writes. */
export interface ModuleCostReport {
  readonly schemaVersion: 1;
  readonly node: string;
  /** Seconds the process had run. */
  readonly seconds: number;
  /** Milliseconds from the start of the process until its entry was loaded; undefined when it was not yet. */
  readonly startedAfterMs: number | undefined;
  /** What the process grew by while it loaded. */
  readonly growth: LoadCost;
  /** The part of the growth that no package accounts for: the loader itself. */
  readonly unattributed: LoadCost;
  /** Largest anonymous memory first. */
  readonly packages: readonly PackageCost[];
  readonly files: readonly FileCost[];
}

/** The name of the service's own files in the report. */
export const ownPackage = '(the service)';

/** The package a file belongs to: the name after its last `node_modules`. */
export function packageOf(file: string): string {
  const at = file.lastIndexOf('/node_modules/');
  if (at < 0) return ownPackage;
  const [first = '', second = ''] = file.slice(at + '/node_modules/'.length).split('/');
  return decodeURIComponent(first.startsWith('@') ? `${first}/${second}` : first);
}

/** A cost of nothing. */
export const noCost: LoadCost = Object.freeze({ cpuMs: 0, heapBytes: 0, anonymousBytes: 0 });

/** Both together. */
export function addCosts(a: LoadCost, b: LoadCost): LoadCost {
  return {
    cpuMs: a.cpuMs + b.cpuMs,
    heapBytes: a.heapBytes + b.heapBytes,
    anonymousBytes: a.anonymousBytes + b.anonymousBytes,
  };
}

/** The first without the second. */
export function subtractCosts(a: LoadCost, b: LoadCost): LoadCost {
  return {
    cpuMs: a.cpuMs - b.cpuMs,
    heapBytes: a.heapBytes - b.heapBytes,
    anonymousBytes: a.anonymousBytes - b.anonymousBytes,
  };
}
