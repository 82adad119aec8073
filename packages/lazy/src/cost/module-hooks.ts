import * as nodeModule from 'node:module';
import { pathToFileURL } from 'node:url';
import type { CostLedger } from './cost-ledger.ts';

/** Where the lines put into each ES module find the ledger. */
const LEDGER_KEY = 'plimsoll.module-cost';

/** The file that first asked for each file, as far as an `import` did. */
type AskedBy = Map<string, string | undefined>;

interface Loaded {
  readonly format?: string | null;
  readonly source?: string | ArrayBuffer | Uint8Array | null;
}

interface RegisterHooks {
  (hooks: {
    resolve(
      specifier: string,
      context: { parentURL?: string },
      next: (s: string, c: object) => { url: string },
    ): {
      url: string;
    };
    load(url: string, context: object, next: (u: string, c: object) => Loaded): Loaded;
  }): unknown;
}

/** Tells `ledger` of every file that is loaded from now on, CommonJS and ES module. */
export function installModuleHooks(ledger: CostLedger): void {
  Object.defineProperty(globalThis, Symbol.for(LEDGER_KEY), { value: ledger, enumerable: false });
  const askedBy: AskedBy = new Map();
  patchCommonJs(ledger, askedBy);
  const registerHooks = Reflect.get(nodeModule, 'registerHooks') as RegisterHooks | undefined;
  if (registerHooks === undefined) registerOffThread();
  else hookInThread(ledger, askedBy, registerHooks);
}

/** `Module.prototype.load` reads, compiles and runs one file, and is not called for one that is loaded already. */
function patchCommonJs(ledger: CostLedger, askedBy: AskedBy): void {
  const prototype = nodeModule.Module.prototype as unknown as {
    load(this: unknown, filename: string): void;
  };
  const original = Reflect.get(prototype, 'load') as (filename: string) => void;
  prototype.load = function load(this: unknown, filename: string): void {
    const file = pathToFileURL(filename).href;
    ledger.enter(file, 'commonjs', askedBy.get(file));
    try {
      Reflect.apply(original, this, [filename]);
    } finally {
      ledger.exit(file);
    }
  };
}

/** Node.js 22.15 and later: hooks that run on this thread, so that reading and compiling a file can be told from running it. */
function hookInThread(ledger: CostLedger, askedBy: AskedBy, registerHooks: RegisterHooks): void {
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      if (!askedBy.has(resolved.url)) askedBy.set(resolved.url, context.parentURL);
      return resolved;
    },
    load(url, context, next) {
      const asker = askedBy.get(url);
      // Before it is read: a large file is a large string for a while.
      if (url.startsWith('file:')) ledger.link(url, asker);
      const loaded = next(url, context);
      const { format, source } = loaded;
      if (
        (format !== 'module' && format !== 'module-typescript') ||
        source === null ||
        source === undefined
      ) {
        return loaded;
      }
      const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString('utf8');
      return { ...loaded, source: instrument(url, asker, text) };
    },
  });
}

/** Node.js 20: hooks run on a thread of their own. They put the same lines in; what reading and compiling costs stays with no file. */
function registerOffThread(): void {
  const source = `
    const askedBy = new Map();
    const instrument = ${instrument.toString()};
    const LEDGER_KEY = ${JSON.stringify(LEDGER_KEY)};
    export async function resolve(specifier, context, next) {
      const resolved = await next(specifier, context);
      if (!askedBy.has(resolved.url)) askedBy.set(resolved.url, context.parentURL);
      return resolved;
    }
    export async function load(url, context, next) {
      const loaded = await next(url, context);
      if (loaded.format !== 'module' || loaded.source == null) return loaded;
      return { ...loaded, source: instrument(url, askedBy.get(url), Buffer.from(loaded.source).toString('utf8')) };
    }`;
  nodeModule.register(`data:text/javascript,${encodeURIComponent(source)}`);
}

/** Lines at the beginning and end of an ES module that run as it begins and ends to run, its imports having run before. Line numbers stay. */
function instrument(url: string, asker: string | undefined, text: string): string {
  const ledger = `globalThis[Symbol.for(${JSON.stringify(LEDGER_KEY)})]`;
  const enter = `${ledger}.enter(${JSON.stringify(url)},"module",${JSON.stringify(asker)});`;
  const body = text.startsWith('#!') ? `//${text}` : text;
  return `${enter}${body}\n;${ledger}.exit(${JSON.stringify(url)});`;
}
