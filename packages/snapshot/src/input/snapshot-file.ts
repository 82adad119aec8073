import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readSync,
  unlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

import { SnapshotError } from '../errors.ts';

/** Bytes with random access: a plain file as it is; gzip and streams unpacked once into a nameless temporary file. */
export class SnapshotFile {
  /** How many bytes the (unpacked) snapshot has. */
  readonly sizeBytes: number;
  /** What the input was called, for messages. */
  readonly name: string;
  #fd: number;

  constructor(fd: number, name: string) {
    this.#fd = fd;
    this.name = name;
    this.sizeBytes = fstatSync(fd).size;
  }

  /** Fills `target` from `position` on and returns how many bytes there were. */
  read(target: Uint8Array, position: number, lengthBytes: number = target.length): number {
    let done = 0;
    while (done < lengthBytes) {
      const got = readSync(this.#fd, target, done, lengthBytes - done, position + done);
      if (got === 0) break;
      done += got;
    }
    return done;
  }

  /** Closes the file; a temporary one is gone with it. */
  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** Where a snapshot comes from: a path (plain or gzip), or a stream such as standard input (plain or gzip). */
export type SnapshotInput = string | Readable;

/**
 * Opens a snapshot for reading.
 * @throws ERR_SNAPSHOT_INPUT when it cannot be opened or unpacked
 */
export async function openSnapshotFile(
  input: SnapshotInput,
  spoolDir: string = tmpdir(),
): Promise<SnapshotFile> {
  if (typeof input !== 'string') return spool(input, 'standard input', spoolDir);
  const fd = openRegularFile(input);
  const magic = new Uint8Array(2);
  readSync(fd, magic, 0, 2, 0);
  if (!isGzip(magic)) return new SnapshotFile(fd, input);
  closeSync(fd);
  return spool(createReadStream(input), input, spoolDir);
}

function openRegularFile(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SnapshotError('ERR_SNAPSHOT_INPUT', `cannot open the snapshot ${path}: ${reason}`, { cause });
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new SnapshotError(
    'ERR_SNAPSHOT_INPUT',
    `${path} is not a regular file; pass a .heapsnapshot file or a stream`,
  );
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function spool(stream: Readable, name: string, spoolDir: string): Promise<SnapshotFile> {
  const path = join(spoolDir, `plimsoll-${randomUUID()}.heapsnapshot`);
  try {
    const target = createWriteStream(path, { mode: 0o600, flags: 'wx' });
    const first = await firstChunk(stream);
    const whole = prepend(first, stream);
    if (isGzip(first)) await pipeline(whole, createGunzip(), target);
    else await pipeline(whole, target);
    return new SnapshotFile(openSync(path, 'r'), name);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SnapshotError('ERR_SNAPSHOT_INPUT', `cannot unpack ${name} into ${spoolDir}: ${reason}`, {
      cause,
    });
  } finally {
    try {
      // The descriptor keeps the bytes alive; nothing is left behind however the process ends.
      unlinkSync(path);
    } catch {
      // Never created: the error above says why.
    }
  }
}

async function firstChunk(stream: Readable): Promise<Buffer> {
  const head: Buffer[] = [];
  let lengthBytes = 0;
  while (lengthBytes < 2) {
    const chunk: unknown = stream.read();
    if (chunk !== null) {
      const bytes = Buffer.from(chunk as Uint8Array);
      head.push(bytes);
      lengthBytes += bytes.length;
    } else if (stream.readableEnded) break;
    else await readableOrEnd(stream);
  }
  return Buffer.concat(head);
}

function readableOrEnd(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      stream.off('readable', done).off('end', done).off('error', reject);
      resolve();
    };
    stream.once('readable', done).once('end', done).once('error', reject);
  });
}

async function* prepend(first: Buffer, rest: Readable): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  if (rest.readableEnded) return;
  for await (const chunk of rest) yield chunk as Buffer;
}
