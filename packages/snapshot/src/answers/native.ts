import type { HeapGraph } from '../graph/heap-graph.ts';
import { nodeKinds } from '../graph/kinds.ts';
import type { Place, Places } from './place.ts';

/** Bytes outside the JavaScript heap of one kind. */
export interface NativeGroup {
  readonly name: string;
  readonly count: number;
  readonly selfBytes: number;
}

/** One large block outside the heap, with the object of the program that keeps it. */
export interface NativeBlock {
  readonly name: string;
  readonly selfBytes: number;
  readonly ownerClass: string;
  readonly place: Place;
}

/** What lies outside the JavaScript heap as far as V8 knows of it. */
export interface NativeSummary {
  /** Bytes of all native nodes, and what V8 counted besides. */
  readonly totalBytes: number;
  /** Part of {@link totalBytes} behind Buffers and typed arrays. */
  readonly arrayBufferBytes: number;
  readonly groups: readonly NativeGroup[];
  readonly blocks: readonly NativeBlock[];
}

/** Weighs what is outside the JavaScript heap: Buffers, compiled streams, external strings. */
export function summarizeNative(graph: HeapGraph, places: Places, maxCount = 10): NativeSummary {
  const dataName = graph.strings.indexOf('system / JSArrayBufferData');
  const groups = new Map<number, { count: number; selfBytes: number }>();
  const blocks: number[] = [];
  let totalBytes = graph.header.extraNativeBytes;
  let arrayBufferBytes = 0;
  for (let node = 0; node < graph.nodeCount; node++) {
    if (graph.kind(node) !== nodeKinds.native) continue;
    const bytes = graph.selfSizes[node];
    if (bytes === 0) continue;
    totalBytes += bytes;
    if (graph.nameIndex(node) === dataName) arrayBufferBytes += bytes;
    if (bytes >= 64 * 1024) blocks.push(node);
    const group = groups.get(graph.nameIndex(node));
    if (group === undefined) groups.set(graph.nameIndex(node), { count: 1, selfBytes: bytes });
    else {
      group.count++;
      group.selfBytes += bytes;
    }
  }
  blocks.sort((a, b) => graph.selfSizes[b] - graph.selfSizes[a]);
  const named = [...groups].map(([name, group]) => ({ name: graph.strings.get(name), ...group }));
  return {
    totalBytes,
    arrayBufferBytes,
    groups: named.sort((a, b) => b.selfBytes - a.selfBytes).slice(0, maxCount),
    blocks: blocks.slice(0, maxCount).map((node) => {
      const owner = graph.dominators[node];
      return {
        name: graph.name(node),
        selfBytes: graph.selfSizes[node],
        ownerClass: graph.className(owner),
        place: places.of(owner),
      };
    }),
  };
}
