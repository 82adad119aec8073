import { type FileHandle, open } from 'node:fs/promises';
import { readSnapshotHeader, type SnapshotHeader } from './snapshot-header.ts';

/** Whether a file is a whole heap snapshot. */
export interface SnapshotCheck {
  readonly valid: boolean;
  /** What is wrong with it, a sentence; absent when it is valid. */
  readonly fault?: string;
  readonly fileBytes: number;
  /** Nodes found; those of the header when it is valid. */
  readonly nodeCount: number;
  /** Edges found; those of the header when it is valid. */
  readonly edgeCount: number;
}

/** Bytes read and looked at in one turn of the event loop: below 1 ms. */
const SLICE_BYTES = 128 * 1024;
const HEADER_BYTES = 16 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SPACE = 0x20;

/**
 * A scanner over the bytes of one JSON value that keeps its nesting and counts the values in the arrays that are members of the outermost object. It is not a validator of
 * JSON: it finds what an aborted or truncated write leaves behind.
 */
class SectionCounter {
  /** Values in `"name":[…]` of the outermost object. */
  readonly counts = new Map<string, number>();
  #depth = 0;
  #inString = false;
  #escaped = false;
  #key = '';
  #keyBytes: number[] = [];
  #section: string | undefined;
  #commas = 0;
  #isEmpty = true;
  #ended = false;
  #unbalanced = false;

  /** True when the outermost object was closed and nothing followed it. */
  get isWhole(): boolean {
    return this.#ended && !this.#unbalanced;
  }

  push(bytes: Buffer, length: number): void {
    for (let at = 0; at < length; at += 1) {
      const byte = bytes[at] as number;
      if (this.#inString) {
        at = this.#string(bytes, length, at);
      } else if (byte === COMMA) {
        if (this.#depth === 2 && this.#section !== undefined) this.#commas += 1;
      } else if (byte > SPACE) {
        this.#structure(byte);
      }
    }
  }

  /** Goes on inside a string from `at`; returns the last position looked at. */
  #string(bytes: Buffer, length: number, at: number): number {
    let position = at;
    for (; position < length; position += 1) {
      const byte = bytes[position] as number;
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) {
        this.#inString = false;
        if (this.#depth === 1) this.#key = Buffer.from(this.#keyBytes).toString('latin1');
        return position;
      } else if (this.#depth === 1 && this.#keyBytes.length < 64) this.#keyBytes.push(byte);
    }
    return position;
  }

  #structure(byte: number): void {
    if (this.#ended) this.#unbalanced = true;
    if (byte === QUOTE) {
      this.#inString = true;
      if (this.#depth === 1) this.#keyBytes = [];
    }
    if (this.#depth === 2 && byte !== CLOSE_BRACKET) this.#isEmpty = false;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      this.#depth += 1;
      if (this.#depth === 2 && byte === OPEN_BRACKET) {
        this.#section = this.#key;
        this.#commas = 0;
        this.#isEmpty = true;
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      this.#depth -= 1;
      if (this.#depth === 1 && this.#section !== undefined) {
        this.counts.set(this.#section, this.#isEmpty ? 0 : this.#commas + 1);
        this.#section = undefined;
      }
      if (this.#depth === 0) this.#ended = true;
      if (this.#depth < 0) this.#unbalanced = true;
    }
  }
}

/**
 * Reads a snapshot file through and says whether it is whole: its nodes and edges are as many as its header says, and its JSON closes. Works in slices of below 1 ms, so that
 * a service goes on meanwhile; 166 MB take about half a second of CPU. Never throws: a file that cannot be read is not valid.
 */
export async function verifyHeapSnapshot(path: string): Promise<SnapshotCheck> {
  let file: FileHandle | undefined;
  let fileBytes = 0;
  try {
    file = await open(path, 'r');
    const counter = new SectionCounter();
    const slice = Buffer.allocUnsafeSlow(SLICE_BYTES);
    let header: SnapshotHeader | undefined;
    for (;;) {
      const { bytesRead } = await file.read(slice, 0, SLICE_BYTES, fileBytes);
      if (bytesRead === 0) break;
      if (fileBytes === 0)
        header = readSnapshotHeader(slice.toString('latin1', 0, Math.min(bytesRead, HEADER_BYTES)));
      fileBytes += bytesRead;
      counter.push(slice, bytesRead);
    }
    return judge(counter, header, fileBytes);
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { valid: false, fault, fileBytes, nodeCount: 0, edgeCount: 0 };
  } finally {
    await file?.close().catch(() => undefined);
  }
}

function judge(
  counter: SectionCounter,
  header: SnapshotHeader | undefined,
  fileBytes: number,
): SnapshotCheck {
  const nodeCount = (counter.counts.get('nodes') ?? 0) / (header?.nodeFieldCount ?? 1);
  const edgeCount = (counter.counts.get('edges') ?? 0) / (header?.edgeFieldCount ?? 1);
  const fault = faultOf(counter, header, fileBytes, nodeCount, edgeCount);
  const result = { fileBytes, nodeCount, edgeCount };
  return fault === undefined ? { valid: true, ...result } : { valid: false, fault, ...result };
}

function faultOf(
  counter: SectionCounter,
  header: SnapshotHeader | undefined,
  fileBytes: number,
  nodeCount: number,
  edgeCount: number,
): string | undefined {
  if (fileBytes === 0) return 'The file is empty.';
  if (header === undefined) return 'The file has no header of a heap snapshot.';
  if (!counter.isWhole) return `The JSON does not close after ${fileBytes} bytes.`;
  if (nodeCount !== header.nodeCount)
    return `The header says ${header.nodeCount} nodes, the file holds ${nodeCount}.`;
  if (edgeCount !== header.edgeCount)
    return `The header says ${header.edgeCount} edges, the file holds ${edgeCount}.`;
  if ((counter.counts.get('strings') ?? 0) === 0) return 'The file holds no strings.';
  return undefined;
}
