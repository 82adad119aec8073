import type { HeapGraph } from '../graph/heap-graph.ts';
import { nodeKinds } from '../graph/kinds.ts';
import type { Places } from './place.ts';
import { type Site, scanLocations } from './sites.ts';

/** Functions of one source location, with what they keep. */
export interface ClosureGroup extends Site {
  /** Bytes that the functions keep, each for itself. */
  readonly retainedBytes: number;
}

/** Counts functions by where they were written: one line with a hundred thousand of them is the finding itself. */
export function findClosureGroups(graph: HeapGraph, places: Places, maxCount = 20): ClosureGroup[] {
  const groups = new Map<
    string,
    { closure: number; line: number; column: number; count: number; bytes: number }
  >();
  scanLocations(graph, (node, scriptId, line, column) => {
    if (graph.kind(node) !== nodeKinds.closure) return;
    const key = `${scriptId}:${line}:${column}`;
    const group = groups.get(key);
    const bytes = graph.retainedSizes[node];
    if (group === undefined)
      groups.set(key, { closure: node, line: line + 1, column: column + 1, count: 1, bytes });
    else {
      group.count++;
      group.bytes += bytes;
    }
  });
  const found: ClosureGroup[] = [];
  for (const { closure, line, column, count, bytes } of [...groups.values()].sort(
    (a, b) => b.count - a.count,
  )) {
    if (found.length >= maxCount || count < 2) break;
    const file = places.fileOfClosure(closure);
    if (file === '' || file.startsWith('node:')) continue;
    found.push({ functionName: graph.name(closure), file, line, column, count, retainedBytes: bytes });
  }
  return found;
}
