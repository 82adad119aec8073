import { CONTAINER_BYTES, nameStep, type PathStep } from './container.ts';
import type { ContainerBook, Whereabouts } from './container-book.ts';
import type { Export } from './module-exports.ts';
import { isWalkable, ownKeys, ownValue } from './own-values.ts';
import type { Root } from './program-roots.ts';
import type { ScopeBudget } from './scope-budget.ts';

/** A thing to be visited, and how the walk came to it. */
export interface Place extends Whereabouts {
  readonly value: object;
  readonly parent: Place | undefined;
  readonly depth: number;
}

/** What leads from one place to the next. */
export interface Way {
  readonly step: PathStep;
  /** Key of the container it leads out of, if that is one. */
  readonly container?: string | undefined;
  /** For one entry of several that were sampled: how many it stands for. @default 1 */
  readonly weight?: number;
}

/** The places a walk has still to visit, nearest first, and those it has been to. A long text is no place: it is written down when it is met. */
export class WalkQueue {
  readonly #book: ContainerBook;
  readonly #budget: ScopeBudget;
  readonly #exports: ReadonlyMap<unknown, Export>;
  readonly #depthCount: number;
  readonly #seen = new Set<object>();
  #waiting: Place[] = [];

  constructor(
    book: ContainerBook,
    budget: ScopeBudget,
    exports: ReadonlyMap<unknown, Export>,
    depthCount: number,
  ) {
    this.#book = book;
    this.#budget = budget;
    this.#exports = exports;
    this.#depthCount = depthCount;
  }

  get seenCount(): number {
    return this.#seen.size;
  }

  /** True the first time it is asked for a thing. */
  see(target: object): boolean {
    if (this.#seen.has(target)) return false;
    this.#seen.add(target);
    return true;
  }

  /** All that is waiting; it waits no more. */
  takeRound(): Place[] {
    const round = this.#waiting;
    this.#waiting = [];
    return round;
  }

  /** The variables of a root. */
  addVariables(root: Root): void {
    for (const key of ownKeys(root.values)) {
      const value = ownValue(root.values, key);
      const at = { ...this.#owned(root, String(key), value), container: undefined, weight: 1 };
      this.#recordText(value, at);
      const target = this.#walkable(value);
      if (target !== undefined) this.#waiting.push({ ...at, value: target, parent: undefined, depth: 0 });
    }
  }

  /** What `from` leads to. */
  add(from: Place, { step, container, weight = 1 }: Way, value: unknown): void {
    // A text in a container is part of that container's entries.
    if (typeof value === 'string' && container === undefined)
      this.#recordText(value, { ...from, steps: [...from.steps, step] });
    if (from.depth >= this.#depthCount) return;
    const target = this.#walkable(value);
    if (target === undefined || this.#seen.has(target)) return;
    this.#waiting.push({
      value: target,
      steps: [...from.steps, step],
      parent: from,
      container: container ?? from.container,
      root: from.root,
      depth: from.depth + 1,
      weight: from.weight * weight,
    });
  }

  /** Whose variable it is: what a module has imported belongs to the module that exports it. */
  #owned(root: Root, name: string, value: unknown): Pick<Place, 'root' | 'steps'> {
    const owner = root.view?.isOutermost === true ? this.#exports.get(value) : undefined;
    if (root.view === undefined || owner === undefined || owner.url === root.url)
      return { root, steps: [nameStep(name)] };
    const start = { scriptId: '', lineNumber: 0, columnNumber: 0 };
    const ofOwner: Root = { ...root, url: owner.url, view: { ...root.view, location: start } };
    const ownName = owner.name ?? 'exports';
    return { root: ofOwner, steps: [nameStep(ownName === 'default' ? name : ownName)] };
  }

  /** The thing itself, or what the proxy stands for: reading through it would run code of the service. */
  #walkable(value: unknown): object | undefined {
    if (isWalkable(value)) return value;
    if (typeof value !== 'object' || value === null) return undefined;
    const target = this.#budget.proxyTarget(value);
    return isWalkable(target) ? target : undefined;
  }

  #recordText(value: unknown, at: Omit<Whereabouts, 'value'>): void {
    if (typeof value !== 'string' || value.length <= CONTAINER_BYTES) return;
    const size = { kind: 'string', count: value.length, heapBytes: value.length, externalBytes: 0 } as const;
    this.#book.record(size, { ...at, value: undefined });
  }
}
