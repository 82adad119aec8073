import * as nodeModule from 'node:module';
import { pathToFileURL } from 'node:url';
import type { CostLedger } from './cost-ledger.ts';
import type { HooksThread } from './hooks-thread.ts';
import { instrument, ledgerKey } from './instrument.ts';

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

/** Whether this Node.js has hooks on the main thread (22.15 and later). */
export const hasHooksInThread: boolean = Reflect.has(nodeModule, 'registerHooks');

/** Tells `ledger` of every file that is loaded from now on, CommonJS and ES module; `thread` where there are no hooks on this one. */
export function installModuleHooks(ledger: CostLedger, thread: HooksThread | undefined): void {
  Object.defineProperty(globalThis, Symbol.for(ledgerKey), { value: ledger, enumerable: false });
  const askedBy: AskedBy = new Map();
  patchCommonJs(ledger, askedBy);
  if (thread === undefined)
    hookInThread(ledger, askedBy, Reflect.get(nodeModule, 'registerHooks') as RegisterHooks);
  else thread.onLoaded(({ url, asker }) => ledger.link(url, asker));
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
      return { ...loaded, source: instrument(ledgerKey, url, asker, text) };
    },
  });
}
