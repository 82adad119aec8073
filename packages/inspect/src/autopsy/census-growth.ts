import type { ClassCount } from './class-tally.ts';
import type { Container } from './container.ts';

/** Finds what a container was in an earlier census: the same place, or the same thing that was reached by another way. */
export function earlierContainers(
  earlier: readonly Container[],
): (container: Container) => Container | undefined {
  const byKey = new Map(earlier.map((container) => [container.key, container]));
  const byThing = new Map<object, Container>();
  for (const container of earlier) {
    const thing = container.held?.deref();
    if (thing !== undefined) byThing.set(thing, container);
  }
  return ({ key, held }) => {
    const thing = held?.deref();
    return byKey.get(key) ?? (thing === undefined ? undefined : byThing.get(thing));
  };
}

/** Finds what a class, or the functions of a place, came to in an earlier census. */
export function earlierClasses(
  earlier: readonly ClassCount[],
): (counted: ClassCount) => ClassCount | undefined {
  const keyOf = ({ kind, name, file, line, column }: ClassCount): string =>
    `${kind}|${name}|${file}|${line}|${column}`;
  const byKey = new Map(earlier.map((counted) => [keyOf(counted), counted]));
  return (counted) => byKey.get(keyOf(counted));
}
