import { SnapshotError, formatFault, truncatedFault } from '../errors.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';

/** What the file says of itself: the fields of its rows and how many rows there are. */
export interface SnapshotHeader {
  /** How many objects the file claims. */
  readonly nodeCount: number;
  /** How many references the file claims. */
  readonly edgeCount: number;
  /** Native bytes V8 counted outside the graph. */
  readonly extraNativeBytes: number;
  /** Names of the columns of a node row (Node.js 20 has seven, 24 and 26 have six). */
  readonly nodeFields: readonly string[];
  /** Names of the node types. */
  readonly nodeTypes: readonly string[];
  /** Names of the columns of an edge row. */
  readonly edgeFields: readonly string[];
  /** Names of the edge types. */
  readonly edgeTypes: readonly string[];
  /** Names of the columns of a location row; empty when the file has none. */
  readonly locationFields: readonly string[];
  /** Index of the root row in the nodes. */
  readonly rootNode: number;
  /** Byte offset behind the header. */
  readonly endOffset: number;
}

/** No V8 writes a header above 4 kB; a file whose first object is longer is not a snapshot. */
const maxHeaderBytes = 1 << 20;

/** Reads and checks the header. Counts that the file's size contradicts are refused before anything is allocated. */
export function readHeader(file: SnapshotFile): SnapshotHeader {
  if (file.sizeBytes === 0) throw truncatedFault(0, 'a heap snapshot that starts with {"snapshot":');
  const head = Buffer.alloc(Math.min(maxHeaderBytes, file.sizeBytes));
  file.read(head, 0);
  const key = /^\s*\{\s*"snapshot"\s*:\s*/.exec(head.toString('latin1', 0, 256));
  if (key === null)
    throw formatFault(0, describeBytes(head), 'a heap snapshot that starts with {"snapshot":');
  const end = findObjectEnd(head, key[0].length);
  if (end < 0) {
    if (head.length === file.sizeBytes)
      throw truncatedFault(file.sizeBytes, 'the end of the snapshot header');
    throw formatFault(
      key[0].length,
      `a header longer than ${maxHeaderBytes} bytes`,
      'a snapshot header of a few kilobytes',
    );
  }
  let raw: unknown;
  try {
    raw = JSON.parse(head.toString('utf8', key[0].length, end));
  } catch (cause) {
    throw new SnapshotError(
      'ERR_SNAPSHOT_FORMAT',
      `the snapshot header at byte ${key[0].length} is not JSON`,
      { cause },
    );
  }
  return checkHeader(raw as RawHeader, end, file.sizeBytes);
}

interface RawHeader {
  readonly meta?: Record<string, unknown>;
  readonly node_count?: unknown;
  readonly edge_count?: unknown;
  readonly root_index?: unknown;
  readonly extra_native_bytes?: unknown;
}

function checkHeader(raw: RawHeader, endOffset: number, fileBytes: number): SnapshotHeader {
  const meta = raw.meta ?? {};
  const nodeFields = stringList(meta['node_fields'], 'node_fields', endOffset);
  const edgeFields = stringList(meta['edge_fields'], 'edge_fields', endOffset);
  requireFields(nodeFields, ['type', 'name', 'id', 'self_size', 'edge_count'], 'node_fields', endOffset);
  requireFields(edgeFields, ['type', 'name_or_index', 'to_node'], 'edge_fields', endOffset);
  const rootIndex = typeof raw.root_index === 'number' ? raw.root_index : 0;
  const header: SnapshotHeader = {
    nodeCount: requireCount(raw.node_count, 'node_count', nodeFields.length, fileBytes),
    edgeCount: requireCount(raw.edge_count, 'edge_count', edgeFields.length, fileBytes),
    extraNativeBytes: typeof raw.extra_native_bytes === 'number' ? raw.extra_native_bytes : 0,
    nodeFields,
    nodeTypes: typeList(meta['node_types'], nodeFields.indexOf('type'), 'node_types', endOffset),
    edgeFields,
    edgeTypes: typeList(meta['edge_types'], edgeFields.indexOf('type'), 'edge_types', endOffset),
    locationFields: Array.isArray(meta['location_fields']) ? (meta['location_fields'] as string[]) : [],
    rootNode: rootIndex / nodeFields.length,
    endOffset,
  };
  if (header.nodeCount === 0) throw formatFault(endOffset, 'node_count 0', 'at least the root node');
  if (!Number.isInteger(header.rootNode) || header.rootNode < 0 || header.rootNode >= header.nodeCount) {
    throw formatFault(
      endOffset,
      `root_index ${rootIndex}`,
      `the first field of one of ${header.nodeCount} nodes`,
    );
  }
  return header;
}

/** A row needs at least one digit and one separator per field: what the file cannot hold is refused, not allocated. */
function requireCount(value: unknown, name: string, fieldCount: number, fileBytes: number): number {
  const most = Math.floor(fileBytes / (2 * fieldCount));
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most && value < maxRows)
    return value;
  // A count that some file could hold was cut off; any other is made up.
  const isPossible = typeof value === 'number' && Number.isInteger(value) && value > most && value < maxRows;
  throw new SnapshotError(
    isPossible ? 'ERR_SNAPSHOT_TRUNCATED' : 'ERR_SNAPSHOT_FORMAT',
    `the header claims ${name} ${String(value)}, but a file that ends at byte ${fileBytes} holds at most ${Math.min(most, maxRows)} such rows; the file is damaged or was cut off`,
    { details: { byteOffset: fileBytes, claimed: Number(value), most } },
  );
}

/** Node indexes share a 32-bit word with four bits of edge type. */
const maxRows = 2 ** 32 - 2;

function stringList(value: unknown, name: string, offset: number): readonly string[] {
  if (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= 64 &&
    value.every((item) => typeof item === 'string')
  ) {
    return value as string[];
  }
  throw formatFault(offset, `a header without a usable ${name}`, `a list of column names`);
}

function typeList(value: unknown, typeColumn: number, name: string, offset: number): readonly string[] {
  const list: unknown = Array.isArray(value) ? value[typeColumn] : undefined;
  return stringList(list, `${name}[${typeColumn}]`, offset);
}

function requireFields(
  fields: readonly string[],
  wanted: readonly string[],
  name: string,
  offset: number,
): void {
  const missing = wanted.filter((field) => !fields.includes(field));
  if (missing.length > 0)
    throw formatFault(offset, `${name} without ${missing.join(', ')}`, wanted.join(', '));
}

function findObjectEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  let isInString = false;
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i];
    if (isInString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) isInString = false;
    } else if (byte === 0x22) isInString = true;
    else if (byte === 0x7b) depth++;
    else if (byte === 0x7d && --depth === 0) return i + 1;
  }
  return -1;
}

function describeBytes(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1', 0, Math.min(16, bytes.length)));
}
