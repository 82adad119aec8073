import { performance } from 'node:perf_hooks';
import type { CostMeter, Exactness } from './cost-meter.ts';
import {
  addCosts,
  type FileCost,
  type LoadCost,
  type ModuleCostReport,
  noCost,
  type PackageCost,
  packageOf,
  subtractCosts,
} from './cost-report.ts';
import { GarbageShares } from './garbage-shares.ts';

interface Entry {
  readonly file: string;
  readonly package: string;
  format: 'module' | 'commonjs';
  askedBy: string | undefined;
  self: LoadCost;
  readonly atMs: number;
}

/**
 * Who pays for what: at every border between two files the growth since the last border goes to the file that was being loaded. So the costs of all files and what
 * no file pays for add up to the growth of the process, by construction.
 */
export class CostLedger {
  readonly #meter: CostMeter;
  readonly #entries = new Map<string, Entry>();
  readonly #stack: Entry[] = [];
  readonly #garbage = new GarbageShares();
  #linking: Entry | undefined;
  #last: LoadCost;
  #unattributed: LoadCost = noCost;
  #startedAfterMs: number | undefined;

  constructor(meter: CostMeter) {
    this.#meter = meter;
    const { used, garbageBytes = 0 } = meter.read('collected');
    this.#last = { ...used, heapBytes: used.heapBytes - garbageBytes };
  }

  /** `file` is about to be read and compiled: what follows is its cost until the next border. */
  link(file: string, askedBy: string | undefined): void {
    const entry = this.#entryOf(file, 'module', askedBy);
    this.#settle(entry);
    this.#linking = entry;
  }

  /** `file` begins to run. */
  enter(file: string, format: 'module' | 'commonjs', askedBy: string | undefined): void {
    const entry = this.#entryOf(file, format, askedBy ?? this.#stack.at(-1)?.file);
    entry.format = format;
    this.#settle(entry);
    this.#linking = undefined;
    this.#stack.push(entry);
  }

  /** `file` has run, or thrown; what it began and did not end (a throw in between) ends with it. */
  exit(file: string): void {
    const index = this.#stack.findLastIndex((entry) => entry.file === file);
    if (index < 0) return;
    this.#settle(this.#stack[index - 1]);
    this.#linking = undefined;
    this.#stack.splice(index);
  }

  /** The entry of the program has run: from now on a border outside any file belongs to the service at work, and to nobody here. */
  started(): void {
    this.#settle(undefined, 'collected');
    this.#linking = undefined;
    this.#startedAfterMs ??= Math.round(performance.now());
  }

  get hasStarted(): boolean {
    return this.#startedAfterMs !== undefined;
  }

  /** The report of what was loaded so far; `usedFiles` are those of which a function ran after the start. */
  report(usedFiles: ReadonlySet<string> | undefined): ModuleCostReport {
    const files = [...this.#entries.values()].map((entry): FileCost => ({
      ...entry,
      askedBy: entry.askedBy === undefined ? undefined : packageOf(entry.askedBy),
    }));
    const growth = files.reduce((sum, { self }) => addCosts(sum, self), this.#unattributed);
    return {
      schemaVersion: 1,
      node: process.version,
      seconds: Math.round(performance.now() / 1_000),
      startedAfterMs: this.#startedAfterMs,
      growth,
      unattributed: this.#unattributed,
      packages: this.#sumPackages(files, usedFiles),
      files,
    };
  }

  #entryOf(file: string, format: 'module' | 'commonjs', askedBy: string | undefined): Entry {
    const found = this.#entries.get(file);
    if (found !== undefined) {
      found.askedBy ??= askedBy;
      return found;
    }
    const atMs = Math.round(performance.now());
    const entry: Entry = { file, package: packageOf(file), format, askedBy, self: noCost, atMs };
    this.#entries.set(file, entry);
    return entry;
  }

  /** Books the growth since the last border. A collection takes milliseconds, so there is one only where the package changes, and not at each of these. */
  #settle(next: Entry | undefined, exactness?: Exactness): void {
    // What is being compiled comes first: a file that waits for its own `await import()` is still on the stack.
    const owner = this.#linking ?? this.#stack.at(-1);
    const changes = owner?.package !== next?.package;
    const before = this.#last;
    const { used, garbageBytes } = this.#meter.read(exactness ?? (changes ? 'stepwise' : 'raw'));
    const cost = subtractCosts(used, before);
    const book = this.#bookOf(owner);
    book(cost);
    this.#last = used;
    const takeOff = (heapBytes: number): void => book({ ...noCost, heapBytes: -heapBytes });
    this.#garbage.add(cost.heapBytes, takeOff);
    if (garbageBytes === undefined) return;
    this.#last = { ...used, heapBytes: used.heapBytes - garbageBytes };
    if (!this.#garbage.collect(garbageBytes)) takeOff(garbageBytes);
  }

  /** Where a cost of `owner` goes. */
  #bookOf(owner: Entry | undefined): (cost: LoadCost) => void {
    if (owner !== undefined) return (cost) => (owner.self = addCosts(owner.self, cost));
    // After the start, what happens between two files is the service's own work and no cost of loading.
    if (this.hasStarted) return () => {};
    return (cost) => (this.#unattributed = addCosts(this.#unattributed, cost));
  }

  #sumPackages(files: readonly FileCost[], usedFiles: ReadonlySet<string> | undefined): PackageCost[] {
    const groups = groupByPackage(files);
    const cumulative = cumulate(files);
    const list = [...groups].map(([name, group]): PackageCost => {
      const late = group.some(
        ({ atMs }) => this.#startedAfterMs !== undefined && atMs > this.#startedAfterMs,
      );
      return {
        package: name,
        fileCount: group.length,
        self: group.reduce((sum, { self }) => addCosts(sum, self), noCost),
        cumulative: cumulative.get(name) ?? noCost,
        askedBy: [
          ...new Set(
            group.flatMap(({ askedBy }) => (askedBy === undefined || askedBy === name ? [] : [askedBy])),
          ),
        ],
        used: usedFiles === undefined ? undefined : late || group.some(({ file }) => usedFiles.has(file)),
      };
    });
    return list.sort(
      (a, b) => b.self.anonymousBytes - a.self.anonymousBytes || b.self.heapBytes - a.self.heapBytes,
    );
  }
}

function groupByPackage(files: readonly FileCost[]): Map<string, FileCost[]> {
  const groups = new Map<string, FileCost[]>();
  for (const file of files) {
    const group = groups.get(file.package);
    if (group === undefined) groups.set(file.package, [file]);
    else group.push(file);
  }
  return groups;
}

/** For each package the cost of the files that were first asked for by it or by a package that was first asked for by it, and so on. */
function cumulate(files: readonly FileCost[]): Map<string, LoadCost> {
  const sums = new Map<string, LoadCost>();
  const parentOf = new Map<string, string | undefined>();
  for (const { package: name, askedBy } of files) {
    if (!parentOf.has(name)) parentOf.set(name, askedBy === name ? undefined : askedBy);
  }
  for (const { package: name, self } of files) {
    const seen = new Set<string>();
    for (
      let owner: string | undefined = name;
      owner !== undefined && !seen.has(owner);
      owner = parentOf.get(owner)
    ) {
      seen.add(owner);
      sums.set(owner, addCosts(sums.get(owner) ?? noCost, self));
    }
  }
  return sums;
}
