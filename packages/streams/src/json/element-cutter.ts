import { Buffer } from 'node:buffer';
import { formatFault, HttpFault, limitFault } from '../fault.ts';
import { CarryBuffer } from '../lines/carry-buffer.ts';
import { type JsonPath, showJsonPath } from './json-path.ts';
import { KeyReader } from './key-reader.ts';
import { dueAt, type Place } from './place.ts';
import { ValueScanner } from './value-scanner.ts';

/** What an {@link ElementCutter} needs to know. */
export interface ElementCutterSetup {
  readonly path: JsonPath;
  readonly maxElementBytes: number;
  readonly maxDepth: number;
}

/** An object or array on the path that is open. */
interface Frame {
  readonly kind: 'object' | 'array';
  readonly segment: string | number;
  index: number;
  found: boolean;
}

/** The UTF-8 byte order mark. */
const MARK = [0xef, 0xbb, 0xbf];

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/**
 * Cuts the elements of one array out of a JSON document that comes in pieces, in time proportional to the bytes and memory of at most one element. The
 * document around the elements is checked here; the elements are for `JSON.parse`: together they accept exactly what `JSON.parse` accepts of the whole.
 *
 * One state machine in one file, longer than the others: its places only make sense beside each other.
 */
export class ElementCutter {
  readonly #setup: ElementCutterSetup;
  readonly #scanner: ValueScanner;
  readonly #carry = new CarryBuffer();
  readonly #keys = new KeyReader();
  readonly #frames: Frame[] = [];
  #place: Place = 'mark';
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where `#chunk[0]` is in the document. */
  #chunkOffset = 0;
  #elementByte = 0;
  #markBytes = 0;
  #isCarried = false;
  /** Elements cut so far: the index of the next one. */
  elementCount = 0;

  constructor(setup: ElementCutterSetup) {
    this.#setup = setup;
    this.#scanner = new ValueScanner(setup.maxDepth);
  }

  /** Memory held. */
  get heldBytes(): number {
    return this.#carry.capacityBytes + this.#keys.keyBytes + this.#chunk.length;
  }

  /** Bytes fed so far. */
  get fedBytes(): number {
    return this.#chunkOffset + this.#chunk.length;
  }

  /** Where the element last cut starts in the document. */
  get elementByte(): number {
    return this.#elementByte;
  }

  /** The element last cut began in an earlier piece than it ended in. */
  get isCarried(): boolean {
    return this.#isCarried;
  }

  /** Gives the next piece; allowed when `cut` has answered undefined. */
  feed(chunk: Buffer): void {
    this.#chunkOffset += this.#chunk.length;
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The bytes of the next element, valid until the cutter is asked again; undefined when more must be fed. */
  cut(): Buffer | undefined {
    while (this.#at < this.#chunk.length) {
      const element = this.#place === 'in-element' ? this.#cutElement() : this.#step();
      if (element !== undefined) return element;
    }
    return undefined;
  }

  /** @throws ERR_PLIMSOLL_FORMAT when the document is not complete. */
  finish(): void {
    if (this.#place === 'end') return;
    throw formatFault(
      `The JSON document is truncated: it ends at byte ${this.fedBytes}, after ${this.elementCount} whole elements, where ${dueAt[this.#place]}.`,
      { reason: 'truncated', byteOffset: this.fedBytes, elementIndex: this.elementCount },
    );
  }

  #step(): undefined {
    switch (this.#place) {
      case 'mark':
        return this.#skipMark();
      case 'in-key':
        return this.#readKey();
      case 'in-passed-value':
        return this.#passValue();
      default:
        return this.#stepAt(this.#nextCode());
    }
  }

  /** One byte of the document around the elements, after white space. */
  #stepAt(code: number | undefined): undefined {
    if (code === undefined) return;
    switch (this.#place) {
      case 'value':
        return this.#openValue(code);
      case 'first-element':
      case 'element':
        return this.#openElement(code);
      case 'first-item':
        return this.#openFirstItem(code);
      case 'first-key':
      case 'key':
        return this.#openKey(code);
      case 'colon':
        return this.#expect(code, COLON, this.#isOnPath() ? 'value' : 'passed-value');
      case 'passed-value':
        return this.#openPassedValue(code);
      case 'after-value':
        return this.#leaveValue(code);
      default:
        throw this.#unexpected();
    }
  }

  /** The next byte that is not white space; it is not consumed. */
  #nextCode(): number | undefined {
    while (this.#at < this.#chunk.length) {
      const code = this.#chunk[this.#at] as number;
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return code;
      this.#at += 1;
    }
    return undefined;
  }

  #skipMark(): undefined {
    while (this.#at < this.#chunk.length && this.#markBytes < MARK.length) {
      const code = this.#chunk[this.#at] as number;
      if (code !== MARK[this.#markBytes]) {
        if (this.#markBytes > 0) throw this.#unexpected();
        this.#place = 'value';
        return;
      }
      this.#at += 1;
      this.#markBytes += 1;
    }
    if (this.#markBytes === MARK.length) this.#place = 'value';
  }

  #openValue(code: number): undefined {
    const { path } = this.#setup;
    const segment = path[this.#frames.length];
    if (segment === undefined) return this.#expect(code, OPEN_ARRAY, 'first-element');
    const kind = typeof segment === 'string' ? 'object' : 'array';
    this.#frames.push({ kind, segment, index: 0, found: false });
    if (kind === 'object') return this.#expect(code, OPEN_OBJECT, 'first-key');
    return this.#expect(code, OPEN_ARRAY, 'first-item');
  }

  #openFirstItem(code: number): undefined {
    if (code === CLOSE_ARRAY) this.#leaveValue(code);
    else this.#place = this.#placeOfItem();
  }

  #placeOfItem(): Place {
    const frame = this.#frames.at(-1) as Frame;
    if (frame.index !== frame.segment) return 'passed-value';
    frame.found = true;
    return 'value';
  }

  #openElement(code: number): undefined {
    if (code === CLOSE_ARRAY && this.#place === 'first-element') {
      this.#at += 1;
      this.#close();
      return;
    }
    this.#elementByte = this.#chunkOffset + this.#at;
    this.#scanner.start();
    this.#place = 'in-element';
  }

  #cutElement(): Buffer | undefined {
    const start = this.#at;
    const found = this.#scanner.scan(this.#chunk, start);
    if (this.#scanner.isTooDeep) throw this.#tooDeep();
    const end = found < 0 ? this.#chunk.length : found;
    const elementBytes = this.#carry.length + end - start;
    if (elementBytes > this.#setup.maxElementBytes) throw this.#tooLong(elementBytes);
    this.#at = end;
    if (found < 0) {
      this.#carry.append(this.#chunk.subarray(start));
      return undefined;
    }
    const code = this.#chunk[found] as number;
    if (code === CLOSE_OBJECT) throw this.#unexpected();
    this.#at = found + 1;
    if (code === COMMA) this.#place = 'element';
    else this.#close();
    this.elementCount += 1;
    this.#isCarried = this.#carry.length > 0;
    if (!this.#isCarried) return this.#chunk.subarray(start, end);
    this.#carry.append(this.#chunk.subarray(start, end));
    return this.#carry.take();
  }

  #openKey(code: number): undefined {
    if (code === CLOSE_OBJECT && this.#place === 'first-key') return this.#leaveValue(code);
    this.#expect(code, QUOTE, 'in-key');
    this.#keys.start();
  }

  /** The rest of a key, up to its closing quote. */
  #readKey(): undefined {
    const end = this.#keys.read(this.#chunk, this.#at);
    if (this.#keys.keyBytes > this.#setup.maxElementBytes) throw this.#tooLong(this.#keys.keyBytes);
    this.#at = end < 0 ? this.#chunk.length : end;
    if (end >= 0) this.#takeKey(this.#keys.take());
  }

  #takeKey(key: string | undefined): void {
    const byteOffset = this.#chunkOffset + this.#at;
    if (key === undefined) {
      throw formatFault(`A key before byte ${byteOffset} is not a JSON string.`, {
        reason: 'syntax',
        byteOffset,
      });
    }
    const frame = this.#frames.at(-1) as Frame;
    frame.index = key === frame.segment ? 0 : -1;
    if (frame.index === 0 && frame.found) {
      throw formatFault(
        `The key on the way to ${showJsonPath(this.#setup.path)} stands twice in its object; the elements of the first were given out already.`,
        { reason: 'duplicate-key', byteOffset },
      );
    }
    frame.found ||= frame.index === 0;
    this.#place = 'colon';
  }

  /** The key just read is the one of the path. */
  #isOnPath(): boolean {
    return this.#frames.at(-1)?.index === 0;
  }

  #openPassedValue(code: number): undefined {
    if (code === COMMA || (code | 32) === CLOSE_OBJECT) throw this.#unexpected();
    this.#scanner.start();
    this.#place = 'in-passed-value';
  }

  #passValue(): undefined {
    const found = this.#scanner.scan(this.#chunk, this.#at);
    if (this.#scanner.isTooDeep) throw this.#tooDeep();
    this.#at = found < 0 ? this.#chunk.length : found;
    if (found >= 0) this.#place = 'after-value';
  }

  /** After a value inside an open object or array of the path. */
  #leaveValue(code: number): undefined {
    const frame = this.#frames.at(-1) as Frame;
    this.#at += 1;
    if (code === (frame.kind === 'object' ? CLOSE_OBJECT : CLOSE_ARRAY)) {
      if (!frame.found) throw this.#missing(frame);
      this.#frames.pop();
      this.#close();
      return;
    }
    if (code !== COMMA) {
      this.#at -= 1;
      throw this.#unexpected();
    }
    if (frame.kind === 'object') {
      this.#place = 'key';
      return;
    }
    frame.index += 1;
    this.#place = this.#placeOfItem();
  }

  #close(): void {
    this.#place = this.#frames.length === 0 ? 'end' : 'after-value';
  }

  #expect(code: number, wanted: number, next: Place): undefined {
    if (code !== wanted) throw this.#unexpected();
    this.#at += 1;
    this.#place = next;
  }

  #unexpected(): HttpFault {
    const byteOffset = this.#chunkOffset + this.#at;
    return formatFault(
      `Unexpected character at byte ${byteOffset} of the JSON document, where ${dueAt[this.#place]}.`,
      {
        reason: this.#place === 'end' ? 'more-after-end' : 'syntax',
        byteOffset,
        elementIndex: this.elementCount,
      },
    );
  }

  #missing(frame: Frame): HttpFault {
    return formatFault(
      `The JSON document has no ${showJsonPath(this.#setup.path)}: ${frame.kind === 'object' ? 'an object' : 'an array'} on the way ended at byte ${this.#chunkOffset + this.#at} without ${JSON.stringify(frame.segment)}.`,
      { reason: 'missing', byteOffset: this.#chunkOffset + this.#at },
    );
  }

  #tooLong(seenBytes: number): HttpFault {
    const what = `Element ${this.elementCount} (byte ${this.#elementByte}) of the JSON document`;
    return limitFault(what, 'maxElementBytes', this.#setup.maxElementBytes, seenBytes, {
      elementIndex: this.elementCount,
      byteOffset: this.#elementByte,
    });
  }

  #tooDeep(): HttpFault {
    const { maxDepth } = this.#setup;
    return new HttpFault(
      'ERR_PLIMSOLL_LIMIT',
      400,
      `Element ${this.elementCount} of the JSON document nests deeper than maxDepth = ${maxDepth}. Raise maxDepth if such data is expected.`,
      { option: 'maxDepth', maxDepth, elementIndex: this.elementCount, byteOffset: this.#elementByte },
    );
  }
}
