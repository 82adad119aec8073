import { PlimsollError } from '@plimsoll/memory/holders';

/** The way from the root of a document to an array in it: a key for each object, an index for each array. `[]` is the root itself. */
export type JsonPath = readonly (string | number)[];

/** @throws ERR_PLIMSOLL_OPTION for anything but keys and indexes. */
export function checkJsonPath(path: unknown): JsonPath {
  const good =
    Array.isArray(path) &&
    path.every(
      (segment) => typeof segment === 'string' || (Number.isSafeInteger(segment) && (segment as number) >= 0),
    );
  if (good) return [...(path as JsonPath)];
  throw new PlimsollError(
    'ERR_PLIMSOLL_OPTION',
    "path is not an array of keys and indexes; expected for example ['data', 'items'] or ['pages', 0, 'rows'].",
    { details: { option: 'path' } },
  );
}

/** For messages: `$.data.items[0]`. */
export function showJsonPath(path: JsonPath): string {
  return path.reduce<string>(
    (shown, segment) => (typeof segment === 'number' ? `${shown}[${segment}]` : `${shown}.${segment}`),
    '$',
  );
}
