import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { callSite } from './call-site.ts';
import { LazyValue } from './lazy-value.ts';
import type { LazyValueOptions } from './lazy-value-options.ts';

/** How a CommonJS module is loaded so that it can be unloaded. */
export interface LazyCommonJsOptions<M> extends Omit<LazyValueOptions<M>, 'dispose'> {
  /** From where the module is resolved: `import.meta.url`, or a file's path. */
  readonly from: string | URL;
}

/**
 * A CommonJS module that is loaded at its first use and *unloaded* when it idles or memory is short: at least 95 % of its heap comes back at the next collection. Deleting it from
 * `require.cache` alone gives back a sixth on Node.js 22 and later, because V8’s compilation cache keeps what was compiled.
 *
 * What to know before: that cache is switched off for the whole process while the module loads (nothing else compiles meanwhile: `require` is synchronous), and
 * on again after it. Everything the module loaded for the first time is forgotten with it; whoever requires one of those files later gets a second copy. Resident memory follows
 * only in part (about half): to get all of it back use `lazyProcess`. A module that keeps timers, listeners or a native add-on is not freed. ES modules cannot be
 * unloaded by anybody.
 * @throws ERR_PLIMSOLL_OPTION when an option cannot be used.
 * @example
 * const compiler = lazyCommonJs<typeof import('typescript')>('typescript', { from: import.meta.url, idleMs: 60_000 });
 * const text = await compiler.use((typescript) => typescript.transpile(source));
 */
export function lazyCommonJs<M>(specifier: string, options: LazyCommonJsOptions<M>): LazyValue<M> {
  const { from, ...rest } = options;
  let loaded: LoadedFiles | undefined;
  const factory = (): M => {
    const attempt = loadFiles(specifier, from);
    loaded = attempt;
    return attempt.exports as M;
  };
  const dispose = (): void => {
    loaded?.forget();
    loaded = undefined;
  };
  return new LazyValue<M>(factory, { name: specifier, ...rest, dispose }, callSite(lazyCommonJs));
}

interface LoadedFiles {
  readonly exports: unknown;
  forget(): void;
}

function loadFiles(specifier: string, from: string | URL): LoadedFiles {
  const require = createRequire(from);
  const before = new Set(Object.keys(require.cache));
  const newFiles = (): string[] => Object.keys(require.cache).filter((file) => !before.has(file));
  const forget = (files: readonly string[]): void => {
    const gone = new Set(files.map((file) => require.cache[file]));
    for (const file of files) delete require.cache[file];
    // A parent’s list of children would keep them.
    for (const module of Object.values(require.cache)) {
      if (module !== undefined) module.children = module.children.filter((child) => !gone.has(child));
    }
  };
  // Only code that is compiled while the cache is off stays out of it: switching it off at unloading does nothing.
  setFlagsFromString('--no-compilation-cache');
  try {
    const exports: unknown = require(specifier);
    const files = newFiles();
    return { exports, forget: () => forget(files) };
  } catch (error) {
    forget(newFiles());
    throw error;
  } finally {
    setFlagsFromString('--compilation-cache');
  }
}
