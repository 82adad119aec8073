import type { HeapGraph } from '../graph/heap-graph.ts';
import { edgeKinds, nodeKinds } from '../graph/kinds.ts';

/** Listeners for one event over all emitters of a class. */
export interface ListenerGroup {
  /** Class of the emitters. */
  readonly emitterClass: string;
  /** Name of the event; `<key …>` when the emitter's events are a dictionary. */
  readonly event: string;
  readonly listenerCount: number;
  /** How many emitters have at least one. */
  readonly emitterCount: number;
  /** Most listeners on one emitter: Node.js warns above 10. */
  readonly mostOnOne: number;
}

/** Counts the listeners of every EventEmitter, most first. Reads the names of all edges once. */
export function findListeners(graph: HeapGraph, maxCount = 20): ListenerGroup[] {
  const emitters: { emitter: number; events: number }[] = [];
  const eventsName = graph.strings.indexOf('_events');
  if (eventsName < 0) return [];
  graph.edgeReader.scan((edge, name) => {
    if (name !== eventsName || graph.edgeKind(edge) !== edgeKinds.property) return;
    emitters.push({ emitter: graph.source(edge), events: graph.target(edge) });
  });
  const groups = new Map<string, { -readonly [K in keyof ListenerGroup]: ListenerGroup[K] }>();
  for (const { emitter, events } of emitters) {
    const first = graph.firstEdges[events];
    const isDictionary = graph.firstEdges[events + 1] - first > 256;
    for (let edge = first; edge < graph.firstEdges[events + 1]; edge++) {
      if (graph.edgeKind(edge) !== edgeKinds.property) continue;
      const listenerCount = countListeners(graph, graph.target(edge));
      if (listenerCount === 0) continue;
      const event = isDictionary ? '<keys of a dictionary>' : graph.edgeName(edge);
      if (event === '__proto__') continue;
      const emitterClass = graph.className(emitter);
      const key = `${emitterClass}\0${event}`;
      const group = groups.get(key) ?? {
        emitterClass,
        event,
        listenerCount: 0,
        emitterCount: 0,
        mostOnOne: 0,
      };
      group.listenerCount += listenerCount;
      group.emitterCount++;
      group.mostOnOne = Math.max(group.mostOnOne, listenerCount);
      groups.set(key, group);
    }
  }
  return [...groups.values()].sort((a, b) => b.listenerCount - a.listenerCount).slice(0, maxCount);
}

function countListeners(graph: HeapGraph, value: number): number {
  if (graph.kind(value) === nodeKinds.closure) return 1;
  if (graph.name(value) !== 'Array') return 0;
  let count = 0;
  for (let edge = graph.firstEdges[value]; edge < graph.firstEdges[value + 1]; edge++) {
    if (graph.edgeKind(edge) === edgeKinds.element && graph.kind(graph.target(edge)) === nodeKinds.closure)
      count++;
  }
  return count;
}
