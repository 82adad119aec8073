import type { HeapGraph } from '../graph/heap-graph.ts';
import { kindMask, nodeKinds } from '../graph/kinds.ts';

/** Numbers the classes of a snapshot densely, so that sums per class are plain arrays. */
export class ClassIndex {
  readonly #graph: HeapGraph;
  readonly #idByName = new Map<string, number>();
  readonly #names: string[] = [];
  /** Class of each name index of an object, plus one; 0 is not yet asked for. */
  readonly #idByNameIndex: Uint32Array;
  readonly #idByKind: Int32Array = new Int32Array(32).fill(-1);

  constructor(graph: HeapGraph) {
    this.#graph = graph;
    this.#idByNameIndex = new Uint32Array(graph.strings.count + graph.shapes.count);
  }

  /** How many classes were met so far. */
  get count(): number {
    return this.#names.length;
  }

  /** Class number of a node. */
  idOf(node: number): number {
    const kind = this.#graph.types[node] & kindMask;
    if (kind === nodeKinds.object || kind === nodeKinds.native) {
      const nameIndex = this.#graph.nameIndex(node);
      const known = this.#idByNameIndex[nameIndex];
      if (known > 0) return known - 1;
      const id = this.#register(this.#graph.className(node));
      this.#idByNameIndex[nameIndex] = id + 1;
      return id;
    }
    const known = this.#idByKind[kind];
    return known >= 0 ? known : (this.#idByKind[kind] = this.#register(this.#graph.className(node)));
  }

  /** Name of a class. */
  name(id: number): string {
    return this.#names[id] ?? '';
  }

  #register(name: string): number {
    let id = this.#idByName.get(name);
    if (id === undefined) {
      id = this.#names.push(name) - 1;
      this.#idByName.set(name, id);
    }
    return id;
  }
}
