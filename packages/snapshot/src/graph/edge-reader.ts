import type { SnapshotHeader } from '../format/header.ts';
import { RowReader } from '../format/row-reader.ts';
import type { SnapshotFile } from '../input/snapshot-file.ts';

/** Every how many edges the place in the file is noted. */
export const edgesPerPage = 256;

/** Reads edge names again from the file: only the edges that are shown need one, so no column is kept for them. */
export class EdgeReader {
  readonly #file: SnapshotFile;
  readonly #fieldCount: number;
  readonly #nameField: number;
  readonly #pages: Float64Array;
  readonly #edgeCount: number;
  readonly #names = new Uint32Array(edgesPerPage);
  #page = -1;

  constructor(file: SnapshotFile, header: SnapshotHeader, pages: Float64Array) {
    this.#file = file;
    this.#fieldCount = header.edgeFields.length;
    this.#nameField = header.edgeFields.indexOf('name_or_index');
    this.#pages = pages;
    this.#edgeCount = header.edgeCount;
  }

  /** String index of an edge's name, or its number when the edge is an element. */
  nameOrIndex(edge: number): number {
    const page = Math.floor(edge / edgesPerPage);
    if (page !== this.#page) this.#load(page);
    return this.#names[edge % edgesPerPage];
  }

  /** Calls `visit` with the name column of every edge in file order: one pass over the section. */
  scan(visit: (edge: number, nameOrIndex: number) => void): void {
    const reader = new RowReader(this.#file, this.#pages[0], this.#fieldCount, 'edges');
    for (let edge = 0; edge < this.#edgeCount && reader.next(); edge++)
      visit(edge, reader.row[this.#nameField]);
  }

  #load(page: number): void {
    const reader = new RowReader(
      this.#file,
      this.#pages[page],
      this.#fieldCount,
      'edges',
      1 << 13,
      page === 0,
    );
    const count = Math.min(edgesPerPage, this.#edgeCount - page * edgesPerPage);
    for (let i = 0; i < count && reader.next(); i++) this.#names[i] = reader.row[this.#nameField];
    this.#page = page;
  }
}
