import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { scriptPath } from '../source/script-location.ts';
import { scanDeclarations } from './declaration-scan.ts';
import type { FunctionLocation, ScopeView } from './scope-reader.ts';

/** Sources longer than this are bundles: a name in them proves nothing, and the read would cost. */
const LONGEST_SOURCE_BYTES = 2 * 1024 * 1024;

/** Where a name is declared, from 1. */
export interface DeclarationPlace {
  readonly line: number;
  readonly column: number;
}

/** The source files of the service, read when a name has to be looked up in them. Never throws. */
export class SourceTexts {
  readonly #texts = new Map<string, string>();
  readonly #declarations = new Map<string, ReturnType<typeof scanDeclarations>>();

  /** The text of the script at `url`; empty when it is no file or too long. */
  textOf(url: string): string {
    const path = scriptPath(url);
    if (path === undefined) return '';
    let text = this.#texts.get(path);
    if (text === undefined) this.#texts.set(path, (text = read(path)));
    return text;
  }

  /** True when `name` is a word of the source code at `url`: then it is no data. */
  hasWord(url: string, name: string): boolean {
    if (!/^#?[A-Za-z_$][\w$]{0,60}$/.test(name)) return false;
    return new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(this.textOf(url));
  }

  /** Where the variable `name` is declared that is seen from `view` in the script at `url`; undefined when it cannot be told. */
  variableAt(url: string, name: string, view: ScopeView): DeclarationPlace | undefined {
    const path = scriptPath(url);
    if (path === undefined) return undefined;
    const text = this.textOf(url);
    if (!this.#declarations.has(path)) this.#declarations.set(path, scanDeclarations(text));
    const all = this.#declarations.get(path)?.get(name) ?? [];
    const seenFrom = offsetOf(text, view.location);
    const around = all
      .filter(({ blockStart, blockEnd }) => blockStart < seenFrom && seenFrom <= blockEnd)
      .toSorted((a, b) => a.blockStart - b.blockStart || a.at - b.at);
    // Innermost and outermost; what is declared more than once in one block is declared first.
    const block = (view.isOutermost ? around[0] : around.at(-1))?.blockStart;
    const declared = around.find(({ blockStart }) => blockStart === block);
    return declared === undefined ? undefined : placeOf(text, declared.at);
  }

  /** Where a property or field `name` is first set in the script at `url`; undefined when it cannot be told. */
  propertyAt(url: string, name: string): DeclarationPlace | undefined {
    if (!/^#?[A-Za-z_$][\w$]*$/.test(name)) return undefined;
    const text = this.textOf(url);
    const word = name.replaceAll('$', '\\$');
    const patterns = [
      new RegExp(`(?<![\\w$.#])(?<name>${word})\\s*=(?![=>])`, 'dg'),
      new RegExp(`(?:this|globalThis|global|[\\w$]+)\\.(?<name>${word})\\s*=(?![=>])`, 'dg'),
      // A member of an object that is written out, and the name of an event.
      new RegExp(`(?<![\\w$.])(?<name>${word})\\s*:`, 'dg'),
      new RegExp(`on\\(\\s*['"\`](?<name>${word})['"\`]`, 'dg'),
    ];
    for (const pattern of patterns) {
      const at = pattern.exec(text)?.indices?.groups?.['name']?.[0];
      if (at === undefined) continue;
      // A bundle sets properties of this name in places that have nothing to do with each other.
      const isAmbiguous = isMinified(text) && pattern.exec(text) !== null;
      return isAmbiguous ? undefined : placeOf(text, at);
    }
    return undefined;
  }
}

/** So long a line is no line of a person. */
const LONG_LINE = 1000;

function isMinified(text: string): boolean {
  return new RegExp(`[^\\n]{${LONG_LINE}}`).test(text);
}

/** The offset of a line and column that count from 0. */
function offsetOf(text: string, { lineNumber, columnNumber }: FunctionLocation): number {
  let lineStart = 0;
  for (let line = 0; line < lineNumber; line += 1) {
    const next = text.indexOf('\n', lineStart);
    if (next < 0) break;
    lineStart = next + 1;
  }
  return lineStart + columnNumber;
}

function placeOf(text: string, at: number): DeclarationPlace {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: at - lineStart + 1 };
}

function read(path: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    const { size } = fstatSync(descriptor);
    if (size > LONGEST_SOURCE_BYTES) return '';
    const bytes = Buffer.alloc(size);
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, size, 0));
  } catch {
    // No file (a bundle's module, a deleted release): names cannot be proved, and are not shown.
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
