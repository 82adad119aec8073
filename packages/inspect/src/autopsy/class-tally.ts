import { types } from 'node:util';
import { locateScript } from '../source/script-location.ts';
import { type AnyFunction, classNameOf, isNative, ownValue, sourceOf } from './own-values.ts';
import type { FunctionInside } from './scope-reader.ts';

/** How many objects of a class there are, or functions made at one place of the source code. */
export interface ClassCount {
  readonly kind: 'class' | 'function';
  /** Name of the class in the source code; empty for functions, which are told by their place. */
  readonly name: string;
  /** Where the function stands, from 1; empty and 0 for a class. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly count: number;
  readonly bytes: number;
}

type Label = Omit<ClassCount, 'count' | 'bytes'>;

const NO_PLACE = { file: '', line: 0, column: 0 } as const;
const ANONYMOUS: Label = { kind: 'class', name: '(anonymous class)', ...NO_PLACE };
const FUNCTIONS: Label = { kind: 'class', name: 'Function', ...NO_PLACE };

/** Counts objects by class and functions by place. Names are names of source code: a class that was given its name by data has none. */
export class ClassTally {
  readonly #labels = new WeakMap<object, Label>();
  readonly #found = new Map<string, { readonly label: Label; count: number; bytes: number }>();
  readonly #scriptUrl: (scriptId: string) => string;

  constructor(scriptUrl: (scriptId: string) => string) {
    this.#scriptUrl = scriptUrl;
  }

  /** Adds `count` objects like `target`, of `bytes` in all. `inside` is what is known of a function. */
  add(target: object, count: number, bytes: number, inside?: FunctionInside): void {
    const label = typeof target === 'function' ? this.#placeOf(inside) : this.#classOf(target);
    const { kind, name, file, line, column } = label;
    const key = `${kind}|${name}|${file}|${line}|${column}`;
    const before = this.#found.get(key);
    if (before === undefined) this.#found.set(key, { label, count, bytes });
    else {
      before.count += count;
      before.bytes += bytes;
    }
  }

  /** The most bytes first, then the most objects; at most `shownCount`. */
  largestFirst(shownCount: number): ClassCount[] {
    return Array.from(this.#found.values(), ({ label, count, bytes }) => ({
      ...label,
      count: Math.round(count),
      bytes: Math.round(bytes),
    }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.bytes - a.bytes || b.count - a.count)
      .slice(0, shownCount);
  }

  #placeOf(inside: FunctionInside | undefined): Label {
    const location = inside?.location;
    if (location === undefined) return FUNCTIONS;
    const { file } = locateScript(this.#scriptUrl(location.scriptId));
    return {
      kind: 'function',
      name: '',
      file,
      line: location.lineNumber + 1,
      column: location.columnNumber + 1,
    };
  }

  #classOf(target: object): Label {
    // Asking a proxy for its prototype would run code of the service.
    if (types.isProxy(target)) return { kind: 'class', name: 'Proxy', ...NO_PLACE };
    const prototype = Object.getPrototypeOf(target) as object | null;
    if (prototype === null) return { kind: 'class', name: 'Object', ...NO_PLACE };
    let label = this.#labels.get(prototype);
    if (label === undefined) this.#labels.set(prototype, (label = labelOf(target, prototype)));
    return label;
  }
}

function labelOf(target: object, prototype: object): Label {
  const made = ownValue(prototype, 'constructor');
  const name = classNameOf(target);
  if (typeof made !== 'function') return { kind: 'class', name: 'Object', ...NO_PLACE };
  return isOfSource(made as AnyFunction, name) ? { kind: 'class', name, ...NO_PLACE } : ANONYMOUS;
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** True when the class carries its name in its own source, or is one of V8's or Node's. A `name` can be any text. */
function isOfSource(made: AnyFunction, name: string): boolean {
  if (!IDENTIFIER.test(name)) return false;
  const head = new RegExp(`^(?:class|(?:async )?function\\*?)\\s+${name.replaceAll('$', '\\$')}(?![\\w$])`);
  return isNative(made) || head.test(sourceOf(made));
}
