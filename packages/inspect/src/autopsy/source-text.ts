import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { scriptPath } from '../source/script-location.ts';

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

  /** Where the variable or field `name` is declared in the script at `url`; undefined when it cannot be told. */
  declarationOf(url: string, name: string): DeclarationPlace | undefined {
    if (!/^#?[A-Za-z_$][\w$]*$/.test(name)) return undefined;
    const text = this.textOf(url);
    const word = name.replaceAll('$', '\\$');
    const patterns = [
      new RegExp(`(?:const|let|var|class|function)\\s+(?<name>${word})(?![\\w$])`, 'd'),
      new RegExp(`(?:const|let|var)\\s[^;\\n]*?(?<![\\w$.])(?<name>${word})\\s*=`, 'd'),
      new RegExp(`^\\s*(?:static\\s+)?(?<name>${word})\\s*=`, 'dm'),
      new RegExp(`(?:this|globalThis|global|[\\w$]+)\\.(?<name>${word})\\s*=`, 'd'),
      // A member of an object that is written out, and the name of an event.
      new RegExp(`(?<![\\w$.])(?<name>${word})\\s*:`, 'd'),
      new RegExp(`on\\(\\s*['"\`](?<name>${word})['"\`]`, 'd'),
    ];
    for (const pattern of patterns) {
      const at = pattern.exec(text)?.indices?.groups?.['name']?.[0];
      if (at !== undefined) return placeOf(text, at);
    }
    return undefined;
  }
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
