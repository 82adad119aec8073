import type { HeapGraph } from '../graph/heap-graph.ts';
import { nodeKinds } from '../graph/kinds.ts';

/** A text that the heap holds more than once. */
export interface DuplicateString {
  /** The first characters of it; `<36 characters>` unless texts were asked for: they may be a customer's. */
  readonly text: string;
  /** How many copies. */
  readonly count: number;
  /** Bytes of all copies but the largest. */
  readonly wastedBytes: number;
}

/** What duplicated strings cost. */
export interface DuplicateStrings {
  /** Bytes that one copy of each text would save. */
  readonly wastedBytes: number;
  /** The texts that waste most, largest first. */
  readonly strings: readonly DuplicateString[];
}

const maxShownCharacters = 80;

/** V8 writes the first 1,024 characters of a string: longer ones with an equal beginning need not be equal. */
const maxComparedBytes = 1000;

/** Finds texts of up to about a thousand characters that are stored more than once. */
export function findDuplicateStrings(graph: HeapGraph, hasTexts: boolean, maxCount = 20): DuplicateStrings {
  const { count: stringCount } = graph.strings;
  const counts = new Uint32Array(stringCount);
  const bytes = new Float64Array(stringCount);
  const largest = new Float64Array(stringCount);
  for (let node = 0; node < graph.nodeCount; node++) {
    if (graph.kind(node) !== nodeKinds.string) continue;
    const name = graph.nameIndex(node);
    const size = graph.selfSizes[node];
    counts[name]++;
    bytes[name] += size;
    if (size > largest[name]) largest[name] = size;
  }
  const wasteful: number[] = [];
  let wastedBytes = 0;
  for (let name = 0; name < stringCount; name++) {
    if (counts[name] < 2 || graph.strings.lengthBytes(name) > maxComparedBytes) continue;
    wastedBytes += bytes[name] - largest[name];
    wasteful.push(name);
  }
  wasteful.sort((a, b) => bytes[b] - largest[b] - (bytes[a] - largest[a]));
  const strings = wasteful.slice(0, maxCount).map((name) => ({
    text: hasTexts ? shorten(graph.strings.get(name)) : `<${graph.strings.get(name).length} characters>`,
    count: counts[name],
    wastedBytes: bytes[name] - largest[name],
  }));
  return { wastedBytes, strings };
}

function shorten(text: string): string {
  return text.length <= maxShownCharacters ? text : `${text.slice(0, maxShownCharacters)}…`;
}
