import type { HeapGraph } from '../graph/heap-graph.ts';
import { BitSet } from '../graph/bit-set.ts';
import { noDistance } from '../graph/distances.ts';
import { nodeKinds } from '../graph/kinds.ts';
import { type Chain, findChains } from './chains.ts';
import { type ClassTable, summarizeClasses } from './classes.ts';
import { type Container, findContainers } from './containers.ts';
import { Places } from './place.ts';
import { Reach } from './reach.ts';
import { describeSuspect } from './sentence.ts';
import { findSites } from './sites.ts';
import {
  type FindSuspectsOptions,
  type Growth,
  type Holder,
  type Suspect,
  type SuspectKind,
  checkSuspectOptions,
} from './suspect.ts';

/** What {@link findSuspects} weighs before it words anything. */
export interface Accumulation {
  readonly kind: SuspectKind;
  readonly node: number;
  readonly items: Uint32Array;
  readonly itemClass: string;
  /** Number of {@link itemClass} among the items. */
  readonly itemCount: number;
  /** Kind of node the objects of {@link itemClass} are. @see nodeKinds */
  readonly itemKind: number;
  readonly retainedBytes: number;
}

/**
 * Names what holds the heap: containers, chains and single large objects, heaviest first.
 * @throws ERR_SNAPSHOT_OPTION for a ratio outside 0 to 1 or counts below 1
 */
export function findSuspects(graph: HeapGraph, options: FindSuspectsOptions = {}): Suspect[] {
  return new SuspectSearch(graph, checkSuspectOptions(options)).suspects();
}

/** Looks for accumulations in one graph; the diff goes through the same steps with other thresholds. */
export class SuspectSearch {
  readonly classes: ClassTable;
  readonly places: Places;
  readonly containers: readonly Container[];
  readonly #graph: HeapGraph;
  readonly #settings: Required<FindSuspectsOptions>;
  #reach: Reach | undefined;
  #classCounts: Map<string, number> | undefined;

  constructor(graph: HeapGraph, settings: Required<FindSuspectsOptions>) {
    this.#graph = graph;
    this.#settings = settings;
    this.classes = summarizeClasses(graph);
    this.places = new Places(graph);
    this.containers = findContainers(graph, settings.minItemCount);
  }

  /** The findings in words, heaviest first. */
  suspects(): Suspect[] {
    return this.accumulations()
      .slice(0, this.#settings.maxSuspects)
      .map((found) => this.word(found));
  }

  /** Everything heavy enough, heaviest first. */
  accumulations(): Accumulation[] {
    const graph = this.#graph;
    const found: Accumulation[] = [];
    for (const container of this.containers) {
      const accumulation = this.weigh(container);
      if (accumulation !== undefined) found.push(accumulation);
    }
    for (const chain of this.chains()) found.push(this.weighChain(chain));
    const leastBytes = Math.max(
      this.#settings.minRetainedBytes,
      this.#settings.minHeapRatio * graph.totalBytes,
    );
    found.push(...this.singles(found, leastBytes));
    const heavy = found.filter(
      (accumulation) => accumulation.retainedBytes >= leastBytes && !isOwnTable(accumulation),
    );
    heavy.sort((a, b) => b.retainedBytes - a.retainedBytes);
    return this.#withoutEnclosing(heavy);
  }

  /** Chains of the graph. */
  chains(): Chain[] {
    return findChains(this.#graph, this.classes, Math.max(this.#settings.minItemCount, 200));
  }

  /** What a container keeps, or undefined when a few of its items are nearly all of it: then they are the ones to look at. */
  weigh(container: Container): Accumulation | undefined {
    const { retainedSizes, totalBytes } = this.#graph;
    const largest = new Float64Array(8);
    let sumBytes = 0;
    for (const item of container.items) {
      const bytes = retainedSizes[item];
      // Something that keeps most of the heap is not the container's doing.
      if (bytes > totalBytes / 2) return undefined;
      sumBytes += bytes;
      if (bytes > largest[0]) {
        largest[0] = bytes;
        largest.sort();
      }
    }
    const largestBytes = largest.reduce((sum, bytes) => sum + bytes, 0);
    const evenRatio = Math.min(1, (largest.length * 10) / container.items.length);
    if (sumBytes > 0 && largestBytes / sumBytes > Math.max(0.6, evenRatio)) return undefined;
    return this.tally(container);
  }

  /** Counts a container's items by class and weighs them, however they are spread. */
  tally(container: Container): Accumulation {
    const byClass = new Map<number, { bytes: number; count: number; kind: number }>();
    let sumBytes = 0;
    for (const item of container.items) {
      const bytes = this.#graph.retainedSizes[item];
      sumBytes += bytes;
      const id = this.classes.index.idOf(item);
      const entry = byClass.get(id);
      if (entry === undefined) byClass.set(id, { bytes, count: 1, kind: this.#graph.kind(item) });
      else {
        entry.bytes += bytes;
        entry.count++;
      }
    }
    let main = { id: -1, bytes: -1, count: 0, kind: 0 };
    for (const [id, entry] of byClass) {
      const isHeavier = entry.bytes > main.bytes || (entry.bytes === main.bytes && entry.count > main.count);
      if (isHeavier) main = { id, ...entry };
    }
    return {
      kind: 'container',
      node: container.node,
      items: container.items,
      itemClass: this.classes.index.name(main.id),
      itemCount: main.count,
      itemKind: main.kind,
      retainedBytes: this.#bytesKept(container.node, sumBytes),
    };
  }

  /**
   * What a holder keeps through its items. What the holder dominates is better where items share belongings, but it also
   * counts what passes through the holder by other ways; twice the items' own sum is where that begins to mislead.
   */
  #bytesKept(node: number, itemBytes: number): number {
    const graph = this.#graph;
    const sumBytes = graph.selfSizes[node] + itemBytes;
    const retainedBytes = graph.retainedSizes[node];
    return Math.min(
      graph.totalBytes,
      retainedBytes > 2 * sumBytes ? sumBytes : Math.max(retainedBytes, sumBytes),
    );
  }

  /** What a chain keeps. */
  weighChain(chain: Chain): Accumulation {
    const graph = this.#graph;
    const members = new Set(chain.items);
    let bytes = 0;
    for (const item of chain.items) {
      // Members below other members are counted with them.
      if (!this.#isBelow(item, members)) bytes += graph.retainedSizes[item];
    }
    return {
      kind: 'chain',
      node: chain.head,
      items: chain.items,
      itemClass: chain.className,
      itemCount: chain.items.length,
      itemKind: graph.kind(chain.head),
      retainedBytes: Math.min(bytes, graph.totalBytes),
    };
  }

  /** Turns a finding into words. */
  word(found: Accumulation, growth?: Growth): Suspect {
    const graph = this.#graph;
    const base = {
      kind: found.kind,
      containerClass: graph.className(found.node),
      containerId: graph.id(found.node),
      place: this.places.of(found.node),
      itemClass: found.itemClass,
      itemCount: found.itemCount,
      classCount: Math.max(found.itemCount, this.#countOf(found.itemClass)),
      retainedBytes: found.retainedBytes,
      heapRatio: found.retainedBytes / graph.totalBytes,
      alsoHeldBy:
        found.kind === 'container' && !found.itemClass.startsWith('(') ? this.#otherHolders(found) : [],
      sites: findSites(graph, this.places, found.items).slice(0, 3),
      path: this.places.path(found.node),
      ...(growth === undefined ? {} : { growth }),
    };
    return { sentence: describeSuspect(base), ...base };
  }

  #isBelow(node: number, members: ReadonlySet<number>): boolean {
    const { dominators, rootNode } = this.#graph;
    let current = node;
    for (let steps = 0; steps < 16 && current !== rootNode; steps++) {
      current = dominators[current];
      if (members.has(current)) return true;
    }
    return false;
  }

  /** Single objects that are themselves a large part of the heap: a Buffer, a long string, an array of numbers. */
  singles(others: readonly Accumulation[], leastBytes: number): Accumulation[] {
    const graph = this.#graph;
    const taken = new Set(others.map((other) => other.node));
    const found: Accumulation[] = [];
    for (let node = 0; node < graph.nodeCount; node++) {
      const distance = graph.distances[node];
      if (graph.selfSizes[node] < leastBytes || distance === noDistance) continue;
      const owner = this.#ownerOfBytes(node);
      if (taken.has(owner)) continue;
      taken.add(owner);
      const itemClass = graph.className(node);
      const retainedBytes = graph.selfSizes[node];
      found.push({
        kind: 'single',
        node: owner,
        items: Uint32Array.of(node),
        itemClass,
        itemCount: 1,
        itemKind: graph.kind(node),
        retainedBytes,
      });
    }
    return found;
  }

  /** Bytes outside the heap belong to the ArrayBuffer, and that to the Buffer, that keeps them. */
  #ownerOfBytes(node: number): number {
    const graph = this.#graph;
    let owner = node;
    for (let steps = 0; steps < 3; steps++) {
      const isObject = graph.kind(owner) === nodeKinds.object && graph.className(owner) !== 'ArrayBuffer';
      const dominator = graph.dominators[owner];
      if (isObject || graph.kind(dominator) !== nodeKinds.object) break;
      owner = dominator;
    }
    return owner;
  }

  /** Drops what only encloses a heavier finding: the registry around the Map that grows. */
  #withoutEnclosing(heavy: readonly Accumulation[]): Accumulation[] {
    const nodes = new Map(heavy.map((found) => [found.node, found]));
    const enclosing = new Set<number>();
    for (const found of heavy) {
      let current = this.#graph.dominators[found.node];
      for (let steps = 0; steps < 64 && current !== this.#graph.rootNode; steps++) {
        const outer = nodes.get(current);
        if (outer !== undefined && outer !== found && found.retainedBytes >= outer.retainedBytes / 2)
          enclosing.add(outer.node);
        current = this.#graph.dominators[current];
      }
    }
    return heavy.filter((found) => !enclosing.has(found.node));
  }

  #countOf(className: string): number {
    this.#classCounts ??= new Map(this.classes.list.map((summary) => [summary.name, summary.count]));
    return this.#classCounts.get(className) ?? 0;
  }

  #otherHolders(found: Accumulation): Holder[] {
    const graph = this.#graph;
    const items = found.items;
    this.#reach ??= new Reach(
      graph,
      this.containers.map(({ node }) => node),
      Math.max(256, Math.floor(graph.nodeCount / 5000)),
    );
    const wanted = new BitSet(graph.nodeCount);
    for (const item of items) {
      if (this.classes.index.name(this.classes.index.idOf(item)) === found.itemClass) wanted.add(item);
    }
    const holders: Holder[] = [];
    const others = this.containers
      .filter(({ node, items: held }) => node !== found.node && held.length >= found.itemCount / 50)
      .sort((a, b) => b.items.length - a.items.length)
      .slice(0, 40);
    for (const other of others) {
      const heldCount = this.#reach.count(other.items, wanted);
      if (heldCount < Math.max(20, found.itemCount * 0.05)) continue;
      holders.push({
        containerClass: graph.className(other.node),
        place: this.places.of(other.node),
        itemCount: other.items.length,
        heldCount,
      });
    }
    return holders.sort((a, b) => b.heldCount - a.heldCount).slice(0, 5);
  }
}

/** Node.js' own table of built-in modules is large in a small heap and never a program's doing. */
function isOwnTable(found: Accumulation): boolean {
  return found.itemClass === 'BuiltinModule';
}
