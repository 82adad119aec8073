import { duplicateKeyFault, keyFault, missingFault } from './document-fault.ts';
import type { JsonPath } from './json-path.ts';
import type { Place } from './place.ts';

/** An object or array on the path that is open. */
export interface Frame {
  readonly kind: 'object' | 'array';
  readonly segment: string | number;
  /** Of the item that is due, in an array; 0 in an object whose last key is the path's, −1 after another key. */
  index: number;
  found: boolean;
}

/** The objects and arrays that are open on the way to the elements, and whether what comes next in the innermost is on the way. */
export class PathFrames {
  readonly #path: JsonPath;
  readonly #frames: Frame[] = [];

  constructor(path: JsonPath) {
    this.#path = path;
  }

  /** Nothing is open: the document is complete. */
  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  /** The innermost; asked only while one is open. */
  get innermost(): Frame {
    return this.#frames.at(-1) as Frame;
  }

  /** The key just read is the one of the path. */
  get isOnPath(): boolean {
    return this.#frames.at(-1)?.index === 0;
  }

  /** Goes one step further along the path; undefined when the elements are next. */
  open(): Frame['kind'] | undefined {
    const segment = this.#path[this.#frames.length];
    if (segment === undefined) return undefined;
    const kind = typeof segment === 'string' ? 'object' : 'array';
    this.#frames.push({ kind, segment, index: 0, found: false });
    return kind;
  }

  /** What the item that is due is for the path. */
  placeOfItem(): Place {
    const frame = this.innermost;
    if (frame.index !== frame.segment) return 'passed-value';
    frame.found = true;
    return 'value';
  }

  /** What follows the comma of the innermost. */
  placeAfterComma(): Place {
    const frame = this.innermost;
    if (frame.kind === 'object') return 'key';
    frame.index += 1;
    return this.placeOfItem();
  }

  /** @throws ERR_PLIMSOLL_FORMAT for what is no key, and for the key of the path a second time. */
  takeKey(key: string | undefined, byteOffset: number): void {
    if (key === undefined) throw keyFault(byteOffset);
    const frame = this.innermost;
    frame.index = key === frame.segment ? 0 : -1;
    if (frame.index === 0 && frame.found) throw duplicateKeyFault(this.#path, byteOffset);
    frame.found ||= frame.index === 0;
  }

  /** The innermost has ended. @throws ERR_PLIMSOLL_FORMAT when it did not have what the path names. */
  close(byteOffset: number): void {
    const frame = this.innermost;
    if (!frame.found) throw missingFault(this.#path, frame, byteOffset);
    this.#frames.pop();
  }
}
