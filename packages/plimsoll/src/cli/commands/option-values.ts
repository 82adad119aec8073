import { byteSizeForm, parseByteSize } from '@plimsoll/memory';
import { InvalidArgumentError } from 'commander';

/** A size option as bytes. */
export function parseSize(text: string): number {
  const sizeBytes = parseByteSize(text);
  if (sizeBytes === undefined) throw new InvalidArgumentError(`Expected ${byteSizeForm}.`);
  return sizeBytes;
}

/** A count option. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}
