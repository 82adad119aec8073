import { noDistance } from '../graph/distances.ts';
import type { HeapGraph } from '../graph/heap-graph.ts';
import { edgeKinds, nodeKinds } from '../graph/kinds.ts';
import type { ClassTable } from './classes.ts';

/** Objects of one class that hold each other one after another: a linked list, timers, reactions of a promise. */
export interface Chain {
  readonly className: string;
  /** The member by which the program holds the others. */
  readonly head: number;
  /** All members, ascending by node. */
  readonly items: Uint32Array;
}

const minLinkedRatio = 0.8;
/** A class whose objects lie this deep inside each other is a chain, whatever stands between two of them. */
const minDepth = 100;

/** Finds the classes of at least `minItems` objects that form chains. */
export function findChains(graph: HeapGraph, classes: ClassTable, minItems: number): Chain[] {
  const linked = new Set(findLinkedNames(graph, minItems));
  const deepClasses = new Set<number>();
  classes.summaries.forEach((summary, id) => {
    if (summary.nestingDepth >= minDepth && summary.count >= minItems) deepClasses.add(id);
  });
  const members = new Map<string, number[]>();
  for (let node = 0; node < graph.nodeCount; node++) {
    const distance = graph.distances[node];
    if (distance === noDistance) continue;
    const kind = graph.kind(node);
    if (kind !== nodeKinds.object && kind !== nodeKinds.hidden) continue;
    const isDeep = kind === nodeKinds.object && deepClasses.has(classes.index.idOf(node));
    if (!isDeep && !linked.has(graph.nameIndex(node))) continue;
    const name =
      kind === nodeKinds.hidden ? graph.name(node).replace('system / ', '') : graph.className(node);
    const list = members.get(name);
    if (list === undefined) members.set(name, [node]);
    else list.push(node);
  }
  const chains = [...members]
    .filter(([, nodes]) => nodes.length >= minItems)
    .map(([name, nodes]) => ({
      className: name,
      head: entryOf(graph, nodes),
      items: Uint32Array.from(nodes),
    }));
  // Contexts stand between any two objects of a chain; alone they are one only when nothing else is.
  const contexts = chains.find((chain) => chain.className === contextClass);
  const others = chains.filter((chain) => chain !== contexts);
  if (contexts === undefined) return others;
  const isExplained = others.some((chain) => chain.items.length >= contexts.items.length / 4);
  return isExplained ? others : [...others, { ...contexts, head: heaviestNested(graph, contexts.items) }];
}

const contextClass = 'system / Context';

/** The context at the top of the longest chain: the heaviest one that lies in another. */
function heaviestNested(graph: HeapGraph, contexts: Uint32Array): number {
  let best = contexts[0];
  let bestBytes = -1;
  for (const context of contexts) {
    const bytes = graph.retainedSizes[context];
    if (bytes > bestBytes && bytes < graph.totalBytes * 0.9 && hasNestedTwin(graph, context, bytes)) {
      best = context;
      bestBytes = bytes;
    }
  }
  return best;
}

/** True when another context close above keeps nearly the same: links of a chain differ by one link. */
function hasNestedTwin(graph: HeapGraph, context: number, bytes: number): boolean {
  let current = context;
  for (let steps = 0; steps < 8 && current !== graph.rootNode; steps++) {
    current = graph.dominators[current];
    if (graph.className(current) === contextClass) return graph.retainedSizes[current] < bytes * 1.05 + 4096;
  }
  return false;
}

/** The member by which the program holds the chain: one that an object outside it refers to; else the nearest to a root. */
function entryOf(graph: HeapGraph, nodes: readonly number[]): number {
  const members = new Set(nodes);
  let best = -1;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (let source = 0; source < graph.nodeCount; source++) {
    if (
      graph.distances[source] >= bestDistance ||
      graph.kind(source) !== nodeKinds.object ||
      members.has(source)
    )
      continue;
    for (let edge = graph.firstEdges[source]; edge < graph.firstEdges[source + 1]; edge++) {
      if (graph.edgeKind(edge) === edgeKinds.weak || !members.has(graph.target(edge))) continue;
      best = graph.target(edge);
      bestDistance = graph.distances[source];
      break;
    }
  }
  if (best >= 0) return best;
  return nodes.reduce((nearest, node) => (graph.distances[node] < graph.distances[nearest] ? node : nearest));
}

/** Names whose objects are nearly all referred to by an object of the same name. */
function findLinkedNames(graph: HeapGraph, minItems: number): number[] {
  const reactionName = graph.strings.indexOf('system / PromiseReaction');
  const contextName = graph.strings.indexOf('system / Context');
  const isCandidate = (node: number): boolean => {
    const kind = graph.kind(node);
    const name = graph.nameIndex(node);
    return kind === nodeKinds.object
      ? name !== contextName
      : kind === nodeKinds.hidden && name === reactionName;
  };
  const isLinked = new Uint8Array(graph.nodeCount);
  for (let node = 0; node < graph.nodeCount; node++) {
    if (!isCandidate(node)) continue;
    for (let edge = graph.firstEdges[node]; edge < graph.firstEdges[node + 1]; edge++) {
      const target = graph.target(edge);
      if (target === node || graph.edgeKind(edge) === edgeKinds.weak) continue;
      if (graph.nameIndex(target) === graph.nameIndex(node) && graph.kind(target) === graph.kind(node))
        isLinked[target] = 1;
    }
  }
  const counts = new Map<number, { all: number; linked: number }>();
  for (let node = 0; node < graph.nodeCount; node++) {
    if (!isCandidate(node)) continue;
    const name = graph.nameIndex(node);
    let count = counts.get(name);
    if (count === undefined) counts.set(name, (count = { all: 0, linked: 0 }));
    count.all++;
    count.linked += isLinked[node];
  }
  const names: number[] = [];
  for (const [name, { all, linked }] of counts)
    if (all >= minItems && linked >= minLinkedRatio * all) names.push(name);
  return names;
}
