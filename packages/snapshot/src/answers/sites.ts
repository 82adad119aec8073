import { RowReader } from '../format/row-reader.ts';
import { searchSection } from '../format/sections.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { nodeKinds } from '../graph/kinds.ts';
import type { Places } from './place.ts';

/** A place in the source that many functions come from. */
export interface Site {
  /** Name of the function; empty for an anonymous one. */
  readonly functionName: string;
  /** File it was written in. */
  readonly file: string;
  /** Line, from 1; 0 when the snapshot does not say. */
  readonly line: number;
  /** Column, from 1; 0 when the snapshot does not say. */
  readonly column: number;
  /** How many of the functions looked at come from here. */
  readonly count: number;
}

/** Reads the section that says where functions were written: `visit(node, scriptId, line, column)`, lines from 0. */
export function scanLocations(
  graph: HeapGraph,
  visit: (node: number, scriptId: number, line: number, column: number) => void,
): void {
  const fields = graph.header.locationFields;
  if (fields.length === 0) return;
  const offset = searchSection(graph.file, graph.edgesEndOffset, 'locations');
  if (offset < 0) return;
  const [node, script, line, column] = ['object_index', 'script_id', 'line', 'column'].map((field) =>
    fields.indexOf(field),
  ) as [number, number, number, number];
  const fieldCount = graph.header.nodeFields.length;
  const reader = new RowReader(graph.file, offset, fields.length, 'locations');
  while (reader.next())
    visit(reader.row[node] / fieldCount, reader.row[script], reader.row[line], reader.row[column]);
}

/** Where the functions come from that are, or directly belong to, the given items; most frequent first, Node.js' own left out. */
export function findSites(graph: HeapGraph, places: Places, items: Uint32Array, sampleCount = 300): Site[] {
  const closures = new Map<number, string>();
  const step = Math.max(1, Math.floor(items.length / sampleCount));
  for (let i = 0; i < items.length; i += step) {
    const closure = closureOf(graph, items[i]);
    if (closure >= 0) closures.set(closure, '');
  }
  if (closures.size === 0) return [];
  scanLocations(graph, (node, _script, line, column) => {
    if (closures.has(node)) closures.set(node, `${line + 1}:${column + 1}`);
  });
  const bySite = new Map<string, { closure: number; where: string; count: number }>();
  for (const [closure, where] of closures) {
    const file = places.fileOfClosure(closure);
    if (file === '' || file.startsWith('node:')) continue;
    const site = bySite.get(`${file}:${where}`);
    if (site === undefined) bySite.set(`${file}:${where}`, { closure, where, count: 1 });
    else site.count++;
  }
  const sites = [...bySite.values()].map(({ closure, where, count }) => {
    const [line = 0, column = 0] = where.split(':').map(Number);
    return { functionName: graph.name(closure), file: places.fileOfClosure(closure), line, column, count };
  });
  return sites.sort((a, b) => b.count - a.count);
}

/** The item itself when it is a function, else the first function it refers to. */
function closureOf(graph: HeapGraph, item: number): number {
  if (graph.kind(item) === nodeKinds.closure) return item;
  for (let edge = graph.firstEdges[item]; edge < graph.firstEdges[item + 1]; edge++) {
    const target = graph.target(edge);
    if (graph.kind(target) !== nodeKinds.closure) continue;
    const name = graph.edgeName(edge);
    if (name !== 'constructor' && name !== '__proto__') return target;
  }
  return -1;
}
