import { deserialize, serialize } from 'node:v8';
import { PlimsollError } from '@plimsoll/memory/holders';

/** One entry as it is dumped. */
export interface DumpedEntry {
  readonly key: unknown;
  readonly value: unknown;
  /** Milliseconds it stays fresh, Infinity without a deadline. */
  readonly remainingMs: number;
}

const magic = Buffer.from('PLIMSOLL-CACHE 1\n', 'latin1');
const chunkBytes = 64 * 1024;
const lengthBytes = 4;
/** The end of a whole dump: a length no record has. */
const endMark = 0xffff_ffff;
const longestRecordBytes = 1024 * 1024 * 1024;

/** Entries as bytes: a versioned head, records of a length and a structured clone, an end mark. Values that cannot be cloned are left out. */
export function* encodeDump(entries: Iterable<DumpedEntry>): Generator<Buffer, void, undefined> {
  let parts: Buffer[] = [magic];
  let bytes = magic.length;
  for (const { key, value, remainingMs } of entries) {
    const record = encodeRecord(key, value, remainingMs);
    if (record === undefined) continue;
    parts.push(lengthOf(record.length), record);
    bytes += lengthBytes + record.length;
    if (bytes >= chunkBytes) {
      yield Buffer.concat(parts);
      parts = [];
      bytes = 0;
    }
  }
  parts.push(lengthOf(endMark));
  yield Buffer.concat(parts);
}

/**
 * The entries of a dump, one at a time.
 * @throws ERR_PLIMSOLL_FORMAT when the bytes are not a dump of this version, or end too soon (after every whole record has been handed out).
 */
export async function* decodeDump(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<DumpedEntry, void, undefined> {
  let parts: Buffer[] = [];
  let heldBytes = 0;
  /** Bytes without which there is nothing to read: a long record must not be put together anew at each of its chunks. */
  let wantedBytes = magic.length;
  let isHeadRead = false;
  for await (const chunk of source) {
    parts.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    heldBytes += chunk.byteLength;
    if (heldBytes < wantedBytes) continue;
    const pending = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    let at = 0;
    if (!isHeadRead) {
      if (!pending.subarray(0, magic.length).equals(magic)) throw notADump('its first line is another');
      at = magic.length;
      isHeadRead = true;
    }
    wantedBytes = lengthBytes;
    while (at + lengthBytes <= pending.length) {
      const length = pending.readUInt32LE(at);
      if (length === endMark) return;
      if (length > longestRecordBytes) throw notADump('a record is longer than 1 GiB');
      wantedBytes = lengthBytes + length;
      if (at + wantedBytes > pending.length) break;
      yield decodeRecord(pending.subarray(at + lengthBytes, at + wantedBytes));
      at += wantedBytes;
      wantedBytes = lengthBytes;
    }
    parts = [pending.subarray(at)];
    heldBytes = pending.length - at;
  }
  throw notADump('it ends before its end mark');
}

function encodeRecord(key: unknown, value: unknown, remainingMs: number): Buffer | undefined {
  try {
    return serialize([key, value, remainingMs]);
  } catch {
    // Functions, symbols, sockets: nothing a later process could use.
    return undefined;
  }
}

function decodeRecord(bytes: Buffer): DumpedEntry {
  let record: unknown;
  try {
    record = deserialize(bytes);
  } catch (cause) {
    throw notADump('a record cannot be read', cause);
  }
  if (!Array.isArray(record) || record.length !== 3 || typeof record[2] !== 'number') {
    throw notADump('a record has another shape');
  }
  const [key, value, remainingMs] = record as [unknown, unknown, number];
  return { key, value, remainingMs };
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  bytes.writeUInt32LE(length);
  return bytes;
}

function notADump(what: string, cause?: unknown): PlimsollError {
  return new PlimsollError(
    'ERR_PLIMSOLL_FORMAT',
    `The bytes are not a whole cache dump of version 1: ${what}. Dump again, or start without it.`,
    cause === undefined ? {} : { cause },
  );
}
