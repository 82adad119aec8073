// V8's own, whatever the service puts in their place later.
const mapEntries = Object.getOwnPropertyDescriptor(Map.prototype, 'entries')?.value as (
  this: unknown,
) => unknown;
const setValues = Object.getOwnPropertyDescriptor(Set.prototype, 'values')?.value as (
  this: unknown,
) => unknown;

/** `wantedCount` indexes spread evenly over `count`; all when there are no more. */
export function spread(count: number, wantedCount: number): number[] {
  if (count <= wantedCount) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: wantedCount }, (_, i) => Math.floor((i * count) / wantedCount));
}

/** The first entries of a Map, whatever methods its class has. */
export function firstOfMap(map: ReadonlyMap<unknown, unknown>, wantedCount: number): [unknown, unknown][] {
  return first(mapEntries.call(map) as Iterable<[unknown, unknown]>, wantedCount);
}

/** The first members of a Set, whatever methods its class has. */
export function firstOfSet(set: ReadonlySet<unknown>, wantedCount: number): unknown[] {
  return first(setValues.call(set) as Iterable<unknown>, wantedCount);
}

/** V8's own count: a subclass may have a `size` of its own. */
export function mapCount(map: ReadonlyMap<unknown, unknown>): number {
  return Reflect.get(Map.prototype, 'size', map) as number;
}

/** V8's own count: a subclass may have a `size` of its own. */
export function setCount(set: ReadonlySet<unknown>): number {
  return Reflect.get(Set.prototype, 'size', set) as number;
}

function first<T>(entries: Iterable<T>, wantedCount: number): T[] {
  const taken: T[] = [];
  for (const entry of entries) {
    if (taken.length >= wantedCount) break;
    taken.push(entry);
  }
  return taken;
}
