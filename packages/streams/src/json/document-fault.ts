import { formatFault, HttpFault, limitFault } from '../fault.ts';
import { type JsonPath, showJsonPath } from './json-path.ts';
import { dueAt, type Place } from './place.ts';

/** How far a document was read when something was wrong with it. Never a byte of its data. */
export interface DocumentMark {
  readonly byteOffset: number;
  /** Elements cut before. */
  readonly elementIndex: number;
}

/** The document ends before it is complete. */
export function truncatedFault(place: Place, { byteOffset, elementIndex }: DocumentMark): HttpFault {
  return formatFault(
    `The JSON document is truncated: it ends at byte ${byteOffset}, after ${elementIndex} whole elements, where ${dueAt[place]}.`,
    { reason: 'truncated', byteOffset, elementIndex },
  );
}

/** A character stands where another is due. */
export function unexpectedFault(place: Place, { byteOffset, elementIndex }: DocumentMark): HttpFault {
  return formatFault(
    `Unexpected character at byte ${byteOffset} of the JSON document, where ${dueAt[place]}.`,
    { reason: place === 'end' ? 'more-after-end' : 'syntax', byteOffset, elementIndex },
  );
}

/** An object or array on the way ended without what the path names. */
export function missingFault(
  path: JsonPath,
  { kind, segment }: { readonly kind: 'object' | 'array'; readonly segment: string | number },
  byteOffset: number,
): HttpFault {
  return formatFault(
    `The JSON document has no ${showJsonPath(path)}: ${kind === 'object' ? 'an object' : 'an array'} on the way ended at byte ${byteOffset} without ${JSON.stringify(segment)}.`,
    { reason: 'missing', byteOffset },
  );
}

/** A key is no JSON string. */
export function keyFault(byteOffset: number): HttpFault {
  return formatFault(`A key before byte ${byteOffset} is not a JSON string.`, {
    reason: 'syntax',
    byteOffset,
  });
}

/** The way forks: which of two values was meant cannot be known. */
export function duplicateKeyFault(path: JsonPath, byteOffset: number): HttpFault {
  return formatFault(
    `The key on the way to ${showJsonPath(path)} stands twice in its object; the elements of the first were given out already.`,
    { reason: 'duplicate-key', byteOffset },
  );
}

/** An element, or a key on the way to it, is larger than it may be. */
export function elementTooLongFault(
  maxElementBytes: number,
  seenBytes: number,
  { byteOffset, elementIndex }: DocumentMark,
): HttpFault {
  const what = `Element ${elementIndex} (byte ${byteOffset}) of the JSON document`;
  return limitFault(what, 'maxElementBytes', maxElementBytes, seenBytes, { elementIndex, byteOffset });
}

/** An element nests deeper than it may. */
export function elementTooDeepFault(maxDepth: number, { byteOffset, elementIndex }: DocumentMark): HttpFault {
  return new HttpFault(
    'ERR_PLIMSOLL_LIMIT',
    400,
    `Element ${elementIndex} of the JSON document nests deeper than maxDepth = ${maxDepth}. Raise maxDepth if such data is expected.`,
    { option: 'maxDepth', maxDepth, elementIndex, byteOffset },
  );
}
