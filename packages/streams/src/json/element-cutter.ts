import { Buffer } from 'node:buffer';
import type { HttpFault } from '../fault.ts';
import { CarryBuffer } from '../lines/carry-buffer.ts';
import {
  elementTooDeepFault,
  elementTooLongFault,
  truncatedFault,
  unexpectedFault,
} from './document-fault.ts';
import type { JsonPath } from './json-path.ts';
import { KeyReader } from './key-reader.ts';
import { PathFrames } from './path-frames.ts';
import type { Place } from './place.ts';
import { ValueScanner } from './value-scanner.ts';

/** What an {@link ElementCutter} needs to know. */
export interface ElementCutterSetup {
  readonly path: JsonPath;
  readonly maxElementBytes: number;
  readonly maxDepth: number;
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
 */
export class ElementCutter {
  readonly #setup: ElementCutterSetup;
  readonly #scanner: ValueScanner;
  readonly #carry = new CarryBuffer();
  readonly #keys = new KeyReader();
  readonly #frames: PathFrames;
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
    this.#frames = new PathFrames(setup.path);
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
    throw truncatedFault(this.#place, { byteOffset: this.fedBytes, elementIndex: this.elementCount });
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
        return this.#expect(code, COLON, this.#frames.isOnPath ? 'value' : 'passed-value');
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
    const kind = this.#frames.open();
    if (kind === undefined) return this.#expect(code, OPEN_ARRAY, 'first-element');
    if (kind === 'object') return this.#expect(code, OPEN_OBJECT, 'first-key');
    return this.#expect(code, OPEN_ARRAY, 'first-item');
  }

  #openFirstItem(code: number): undefined {
    if (code === CLOSE_ARRAY) this.#leaveValue(code);
    else this.#place = this.#frames.placeOfItem();
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
    if (end < 0) return;
    this.#frames.takeKey(this.#keys.take(), this.#chunkOffset + end);
    this.#place = 'colon';
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
    const { kind } = this.#frames.innermost;
    if (code === (kind === 'object' ? CLOSE_OBJECT : CLOSE_ARRAY)) {
      this.#at += 1;
      this.#frames.close(this.#chunkOffset + this.#at);
      this.#close();
      return;
    }
    if (code !== COMMA) throw this.#unexpected();
    this.#at += 1;
    this.#place = this.#frames.placeAfterComma();
  }

  #close(): void {
    this.#place = this.#frames.isEmpty ? 'end' : 'after-value';
  }

  #expect(code: number, wanted: number, next: Place): undefined {
    if (code !== wanted) throw this.#unexpected();
    this.#at += 1;
    this.#place = next;
  }

  #unexpected(): HttpFault {
    const byteOffset = this.#chunkOffset + this.#at;
    return unexpectedFault(this.#place, { byteOffset, elementIndex: this.elementCount });
  }

  #tooLong(seenBytes: number): HttpFault {
    const mark = { byteOffset: this.#elementByte, elementIndex: this.elementCount };
    return elementTooLongFault(this.#setup.maxElementBytes, seenBytes, mark);
  }

  #tooDeep(): HttpFault {
    const mark = { byteOffset: this.#elementByte, elementIndex: this.elementCount };
    return elementTooDeepFault(this.#setup.maxDepth, mark);
  }
}
