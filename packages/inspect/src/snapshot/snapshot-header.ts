/** The head of a heap snapshot: what the file says it holds. */
export interface SnapshotHeader {
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** Numbers for each node in `nodes`. */
  readonly nodeFieldCount: number;
  /** Numbers for each edge in `edges`. */
  readonly edgeFieldCount: number;
}

/** Reads the header from the first kilobytes of a file; undefined when it is not there or not whole. */
export function readSnapshotHeader(text: string): SnapshotHeader | undefined {
  const count = (name: string): number => {
    const found = new RegExp(`"${name}":(\\d+)`).exec(text)?.[1];
    return found === undefined ? Number.NaN : Number(found);
  };
  const fields = (name: string): number => {
    const found = new RegExp(`"${name}":\\[([^\\]]*)\\]`).exec(text)?.[1];
    return found === undefined ? Number.NaN : found.split(',').length;
  };
  const header = {
    nodeCount: count('node_count'),
    edgeCount: count('edge_count'),
    nodeFieldCount: fields('node_fields'),
    edgeFieldCount: fields('edge_fields'),
  };
  return Object.values(header).some(Number.isNaN) ? undefined : header;
}
