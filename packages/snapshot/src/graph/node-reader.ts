import { RowReader } from '../format/row-reader.ts';
import type { SnapshotHeader } from '../format/header.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';

/** Every how many nodes the place in the file is noted. */
export const nodesPerPage = 256;

/** Reads single node rows again from the file: ids are wanted for a few nodes only, so no column is kept for them. */
export class NodeReader {
  readonly #file: SnapshotFile;
  readonly #header: SnapshotHeader;
  readonly #pages: Float64Array;
  readonly #idField: number;
  readonly #ids = new Uint32Array(nodesPerPage);
  #page = -1;

  constructor(file: SnapshotFile, header: SnapshotHeader, pages: Float64Array) {
    this.#file = file;
    this.#header = header;
    this.#pages = pages;
    this.#idField = header.nodeFields.indexOf('id');
  }

  /** The id of a node. */
  id(node: number): number {
    const page = Math.floor(node / nodesPerPage);
    if (page !== this.#page) {
      const reader = this.#open(page, 1 << 14);
      const count = Math.min(nodesPerPage, this.#header.nodeCount - page * nodesPerPage);
      for (let i = 0; i < count && reader.next(); i++) this.#ids[i] = reader.row[this.#idField];
      this.#page = page;
    }
    return this.#ids[node % nodesPerPage];
  }

  /** All ids in file order, as a new column. */
  allIds(): Uint32Array {
    const ids = new Uint32Array(this.#header.nodeCount);
    const reader = this.#open(0, 1 << 20);
    for (let node = 0; node < ids.length && reader.next(); node++) ids[node] = reader.row[this.#idField];
    return ids;
  }

  #open(page: number, bufferBytes: number): RowReader {
    const fieldCount = this.#header.nodeFields.length;
    return new RowReader(this.#file, this.#pages[page], fieldCount, 'nodes', bufferBytes, page === 0);
  }
}
