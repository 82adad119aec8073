import { listDominatedNodes } from '../graph/dominated-nodes.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { NodeStack } from '../graph/node-stack.ts';
import { release } from '../graph/release.ts';
import { ClassIndex } from './class-index.ts';

/** One class of objects in a snapshot. */
export interface ClassSummary {
  /** Constructor, `{a, b}` of plain objects, or a group such as `(string)`. */
  readonly name: string;
  /** How many objects. */
  readonly count: number;
  /** Bytes of the objects themselves. */
  readonly selfBytes: number;
  /** Bytes that would go with all of them; objects inside objects of the same class count once. */
  readonly retainedBytes: number;
  /** How many objects of the class lie inside each other at most: a chain when it is many. */
  readonly nestingDepth: number;
}

/** Classes with their numbers, for answers that go on from here. */
export interface ClassTable {
  readonly index: ClassIndex;
  /** By class number. Classes whose objects have no bytes of their own are left out of {@link list}. */
  readonly summaries: readonly ClassSummary[];
  /** Largest retained size first. */
  readonly list: readonly ClassSummary[];
}

/** Counts and weighs every class of a snapshot. */
export function summarizeClasses(graph: HeapGraph): ClassTable {
  const index = new ClassIndex(graph);
  const counts: number[] = [];
  const selfBytes: number[] = [];
  for (let node = 0; node < graph.nodeCount; node++) {
    const bytes = graph.selfSizes[node];
    if (bytes === 0) continue;
    const id = index.idOf(node);
    counts[id] = (counts[id] ?? 0) + 1;
    selfBytes[id] = (selfBytes[id] ?? 0) + bytes;
  }
  const { retained, depths } = weighClasses(graph, index);
  const summaries: ClassSummary[] = [];
  for (let id = 0; id < index.count; id++) {
    summaries.push({
      name: index.name(id),
      count: counts[id] ?? 0,
      selfBytes: selfBytes[id] ?? 0,
      retainedBytes: retained[id] ?? 0,
      nestingDepth: depths[id] ?? 0,
    });
  }
  const list = summaries.filter((summary) => summary.count > 0);
  list.sort((a, b) => b.retainedBytes - a.retainedBytes || b.selfBytes - a.selfBytes);
  return { index, summaries, list };
}

/** Walks the dominator tree; a node counts for its class unless it lies below another of the class. */
function weighClasses(
  graph: HeapGraph,
  index: ClassIndex,
): { readonly retained: readonly number[]; readonly depths: readonly number[] } {
  const { starts, nodes } = listDominatedNodes(graph);
  const retained: number[] = [];
  const depths: number[] = [];
  const open: number[] = [];
  const stack = new NodeStack();
  const leaveMark = 0x80000000;
  stack.push(graph.rootNode);
  while (stack.length > 0) {
    const item = stack.pop();
    const node = item & ~leaveMark;
    const hasBytes = graph.selfSizes[node] > 0;
    const id = index.idOf(node);
    if (item >= leaveMark) {
      open[id]--;
      continue;
    }
    if (hasBytes) {
      depths[id] = Math.max(depths[id] ?? 0, (open[id] ?? 0) + 1);
      if ((open[id] ?? 0) === 0) retained[id] = (retained[id] ?? 0) + graph.retainedSizes[node];
    }
    const end = starts[node + 1];
    if (starts[node] === end) continue;
    if (hasBytes) {
      open[id] = (open[id] ?? 0) + 1;
      stack.push((node | leaveMark) >>> 0);
    }
    for (let child = starts[node]; child < end; child++) stack.push(nodes[child]);
  }
  release(starts);
  release(nodes);
  return { retained, depths };
}
