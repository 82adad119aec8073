import type { HeapGraph } from '../graph/heap-graph.ts';
import { noEdge } from '../graph/distances.ts';
import { edgeKinds, nodeKinds } from '../graph/kinds.ts';

/** One reference on the way from a root to an object. */
export interface PathStep {
  /** How the reference is called: `.items`, `[3]`, `variable sessions`, `{table}`. */
  readonly edge: string;
  /** Class of the object it leads to. */
  readonly className: string;
  /** Id of the object it leads to; the `@number` of Chrome DevTools. */
  readonly id: number;
}

/** Where in the program an object hangs, in the words of its source. */
export interface Place {
  /** `sessions`, `registry.items`, `"flush" listeners on Bus`; empty when nothing on the way has a name. */
  readonly name: string;
  /** File of the variable the name starts with; empty when unknown. */
  readonly file: string;
}

/** A dictionary's keys are data: a plain object with more members than this gives its path steps no key names. */
const maxNamedMembers = 32;
/** Nor does a key that no one would write behind a dot. */
const memberName = /^(#?[A-Za-z_$][\w$]*|<symbol [\w.$:() -]*>)$/;
const maxSteps = 200;

/** Which edges lead through the program, best first. */
const wayRanks: Readonly<Record<number, number>> = {
  [edgeKinds.context]: 0,
  [edgeKinds.property]: 1,
  [edgeKinds.element]: 2,
  [edgeKinds.internal]: 3,
  [edgeKinds.keyEntry]: 4,
};

/** Answers where objects hang: shortest paths, variables, properties and files. */
export class Places {
  readonly #graph: HeapGraph;
  readonly #fileByClosure = new Map<number, string>();
  readonly #otherWays = new Map<number, number>();
  #closuresByContext: Map<number, number> | undefined;

  constructor(graph: HeapGraph) {
    this.#graph = graph;
  }

  /**
   * Edges of a short path to a node, from the root on. What the stack or a handle of V8 holds at the moment has a way of one
   * step that says nothing; a way through the program is taken instead where there is one.
   */
  pathEdges(node: number): number[] {
    const graph = this.#graph;
    const edges: number[] = [];
    const visited = new Set<number>();
    let current = node;
    while (edges.length < maxSteps && !visited.has(current)) {
      visited.add(current);
      let edge = graph.parentEdges[current];
      if (edge === noEdge) break;
      if (this.#isRootSlot(edge)) edge = this.#wayThroughProgram(current, visited) ?? edge;
      edges.push(edge);
      current = graph.source(edge);
    }
    return edges.reverse();
  }

  #isRootSlot(edge: number): boolean {
    const isSynthetic = this.#graph.kind(this.#graph.source(edge)) === nodeKinds.synthetic;
    return isSynthetic && this.#graph.edgeKind(edge) !== edgeKinds.shortcut;
  }

  /** The best other edge to a node: by a variable, else a property, an element, a slot; from the nearest object. */
  #wayThroughProgram(node: number, visited: ReadonlySet<number>): number | undefined {
    const known = this.#otherWays.get(node);
    if (known !== undefined) return known === noEdge ? undefined : known;
    const graph = this.#graph;
    let best = noEdge;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let edge = 0; edge < graph.edgeCount; edge++) {
      if (graph.target(edge) !== node) continue;
      const rank = wayRanks[graph.edgeKind(edge)] ?? Number.POSITIVE_INFINITY;
      if (rank > bestRank) continue;
      const source = graph.source(edge);
      const isUseful = graph.kind(source) !== nodeKinds.synthetic && !visited.has(source);
      if (!isUseful || (rank === bestRank && !this.#isNearer(source, best))) continue;
      best = edge;
      bestRank = rank;
    }
    this.#otherWays.set(node, best);
    return best === noEdge ? undefined : best;
  }

  #isNearer(source: number, edge: number): boolean {
    return edge === noEdge || this.#graph.distances[source] < this.#graph.distances[this.#graph.source(edge)];
  }

  /** The shortest path to a node, from the root on. Keys of dictionaries stay out of it. */
  path(node: number): PathStep[] {
    return this.pathEdges(node).map((edge) => {
      const target = this.#graph.target(edge);
      return {
        edge: this.edgeLabel(edge),
        className: this.#graph.className(target),
        id: this.#graph.id(target),
      };
    });
  }

  /** How one reference is called. Keys of dictionaries are replaced by their number. */
  edgeLabel(edge: number): string {
    const graph = this.#graph;
    const name = graph.edgeName(edge);
    switch (graph.edgeKind(edge)) {
      case edgeKinds.context:
        return `variable ${name}`;
      case edgeKinds.element:
        return `[${name}]`;
      case edgeKinds.property:
      case edgeKinds.shortcut: {
        const source = graph.source(edge);
        const first = graph.firstEdges[source];
        const memberCount = graph.firstEdges[source + 1] - first;
        const isKey = memberCount > maxNamedMembers && this.#isDictionary(source);
        // The window object of a context is reached by numbers.
        return (isKey || !memberName.test(name)) && !/^\d+$/.test(name)
          ? `[<key of ${memberCount}>]`
          : `.${name}`;
      }
      case edgeKinds.tableEntry:
      case edgeKinds.keyEntry:
        return '{value of a WeakMap entry}';
      default:
        return `{${name}}`;
    }
  }

  /** Names the place of a container: the nearest variable with the properties that lead from it to the node. */
  of(node: number): Place {
    const graph = this.#graph;
    const edges = this.pathEdges(node);
    const listeners = this.#listenersOf(edges);
    let suffix = '';
    for (let at = edges.length - 1; at >= 0; at--) {
      const edge = edges[at];
      const kind = graph.edgeKind(edge);
      const source = graph.source(edge);
      if (kind === edgeKinds.context) {
        const name = `${graph.edgeName(edge)}${suffix}`;
        return { name: listeners ?? name, file: this.fileOfContext(source, edges.slice(0, at)) };
      }
      if (kind === edgeKinds.property || kind === edgeKinds.element || kind === edgeKinds.shortcut) {
        if (kind === edgeKinds.shortcut) return { name: listeners ?? `globalThis${suffix}`, file: '' };
        suffix = `${this.edgeLabel(edge)}${suffix}`;
        const isGlobal = graph.name(source).startsWith('global');
        if (isGlobal) return { name: listeners ?? `globalThis${suffix}`, file: '' };
        if (graph.kind(source) === nodeKinds.closure) {
          const owner = graph.name(source);
          return { name: listeners ?? `${owner}${suffix}`, file: this.fileOfClosure(source) };
        }
        const className = graph.className(source);
        if (
          at > 0 &&
          isNamedClass(className) &&
          suffix.length > 0 &&
          graph.edgeKind(edges[at - 1]) === edgeKinds.internal
        ) {
          return { name: listeners ?? `${className}${suffix}`, file: this.#programFile(edges.slice(0, at)) };
        }
      }
    }
    // What is left are slots of V8's own roots, which mean nothing to a program's author.
    return { name: listeners ?? '', file: this.#programFile(edges) };
  }

  /** File of the function whose variables a context holds; looks along `pathBefore` first. */
  fileOfContext(context: number, pathBefore: readonly number[]): string {
    const last = pathBefore.at(-1);
    if (last !== undefined && this.#graph.kind(this.#graph.source(last)) === nodeKinds.closure) {
      const file = this.fileOfClosure(this.#graph.source(last));
      if (file !== '') return file;
    }
    const closure = this.#closureOfContext(context);
    const file = closure === undefined ? '' : this.fileOfClosure(closure);
    return file === '' ? this.#nearestFile(pathBefore) : file;
  }

  /** File a function was written in; empty when the snapshot does not say. */
  fileOfClosure(closure: number): string {
    let file = this.#fileByClosure.get(closure);
    if (file === undefined) {
      const shared = this.#follow(closure, 'shared');
      const script = shared < 0 ? -1 : this.#follow(shared, 'script', 'script_or_debug_info');
      const name = script < 0 ? -1 : this.#follow(script, 'name');
      file =
        name < 0
          ? ''
          : this.#graph
              .name(name)
              .replace(/^file:\/\//, '')
              .replace(/[?#].*$/s, '');
      this.#fileByClosure.set(closure, file);
    }
    return file;
  }

  /** Target of the first edge of a node with one of these names, or -1. */
  #follow(node: number, ...names: readonly string[]): number {
    const graph = this.#graph;
    for (let edge = graph.firstEdges[node]; edge < graph.firstEdges[node + 1]; edge++) {
      if (graph.edgeKind(edge) === edgeKinds.element) continue;
      if (names.includes(graph.edgeName(edge))) return graph.target(edge);
    }
    return -1;
  }

  /** The nearest file of the program itself: Node.js' own say nothing about what a name means. */
  #programFile(edges: readonly number[]): string {
    const file = this.#nearestFile(edges);
    return file.startsWith('node:') ? '' : file;
  }

  #nearestFile(edges: readonly number[]): string {
    for (let at = edges.length - 1; at >= 0; at--) {
      const source = this.#graph.source(edges[at]);
      if (this.#graph.kind(source) !== nodeKinds.closure) continue;
      const file = this.fileOfClosure(source);
      if (file !== '') return file;
    }
    return '';
  }

  /** `_events` → event → array is an emitter's list of listeners. */
  #listenersOf(edges: readonly number[]): string | undefined {
    const graph = this.#graph;
    for (let at = edges.length - 1; at > 0 && at >= edges.length - 3; at--) {
      if (graph.edgeName(edges[at - 1]) !== '_events') continue;
      const emitter = graph.className(graph.source(edges[at - 1]));
      return `"${graph.edgeName(edges[at])}" listeners on ${emitter}`;
    }
    return undefined;
  }

  #isDictionary(node: number): boolean {
    return this.#graph.className(node) === 'Object';
  }

  /** A function that was created in the context: found once for all by one walk over the edges. */
  #closureOfContext(context: number): number | undefined {
    const graph = this.#graph;
    if (this.#closuresByContext === undefined) {
      this.#closuresByContext = new Map();
      const contextName = graph.strings.indexOf('system / Context');
      for (let node = 0; node < graph.nodeCount; node++) {
        if (graph.kind(node) !== nodeKinds.closure) continue;
        for (let edge = graph.firstEdges[node]; edge < graph.firstEdges[node + 1]; edge++) {
          const target = graph.target(edge);
          if (graph.nameIndex(target) !== contextName || this.#closuresByContext.has(target)) continue;
          this.#closuresByContext.set(target, node);
        }
      }
    }
    return this.#closuresByContext.get(context);
  }
}

function isNamedClass(name: string): boolean {
  return /^[A-Z$_]/i.test(name) && name !== 'Object' && name !== 'Array' && !name.startsWith('system /');
}
