/** A leak whose answer is known. */
export interface Scenario {
  /** File in this folder. */
  readonly program: string;
  /** What the first suspect must be, in its sentence or its place. Undefined: there must be no suspect. */
  readonly expected?: RegExp;
  /** How much it has grown to in the first and the second snapshot. */
  readonly counts: readonly [number, number];
}

/** Programs that leak, what they leak through, and one that does not. */
export const corpus: readonly Scenario[] = [
  {
    program: 'five-containers.cjs',
    expected: /^Map "sessions" \(session-store\.cjs\)/,
    counts: [1500, 4500],
  },
  { program: 'listeners.cjs', expected: /"price" listeners on PriceFeed/, counts: [2000, 8000] },
  { program: 'closures.cjs', expected: /closures\.cjs/, counts: [2000, 8000] },
  { program: 'timers.cjs', expected: /Timeout.*timers\.cjs:7/, counts: [2000, 8000] },
  { program: 'promises.cjs', expected: /"connected" \(promises\.cjs\)/, counts: [1500, 6000] },
  {
    program: 'pending-list.cjs',
    expected: /^Set "inFlight" \(pending-list\.cjs\)/,
    counts: [4000, 16_000],
  },
  { program: 'module-cache.cjs', expected: /_cache/, counts: [150, 600] },
  {
    program: 'weak-map.cjs',
    expected: /^Array "everConnected" \(weak-map\.cjs\)/,
    counts: [2000, 8000],
  },
  {
    program: 'nested-registry.mjs',
    expected: /^Array "tracer\.buffer\.spans" \(nested-registry\.mjs\)/,
    counts: [3000, 12_000],
  },
  { program: 'buffers.cjs', expected: /^Map "uploads" \(buffers\.cjs\)/, counts: [500, 2000] },
  {
    program: 'linked-list.cjs',
    expected: /Entry.*"log\.newest" \(linked-list\.cjs\)/,
    counts: [5000, 20_000],
  },
  { program: 'healthy.cjs', counts: [2000, 8000] },
];
