import * as nodeModule from 'node:module';

/**
 * An ES module that failed to evaluate stays failed: every later `import()` of it, and of whatever imports it, rejects with the same error object. Only another
 * URL is evaluated again. So a retry runs the caller's own `import()` once more with a resolve hook that gives *the failed modules* (those whose import
 * rejects with that very object, and no other) a new query. What evaluated well is not evaluated twice.
 *
 * The failed modules are found from the top down, one level a pass: a fresh copy of the root fails on its failed dependency, which is then seen.
 * @see https://tc39.es/ecma262/#sec-innermoduleevaluation (the error is kept with the module)
 */
export class FreshImport {
  readonly #failedUrls = new Set<string>();
  readonly #attempts = new Map<string, number>();

  /** Whether this Node.js can evaluate a failed ES module again (22.15, 23.5 and later). */
  static get available(): boolean {
    return registerHooks() !== undefined;
  }

  /** Runs `load` so that modules which failed with `lastError` are evaluated anew. */
  async retry<T>(load: () => PromiseLike<T> | T, lastError: unknown): Promise<T> {
    const register = registerHooks();
    if (register === undefined) return await load();
    const seen = new Set<string>();
    let probing = false;
    const hooks = register({
      resolve: (specifier, context, next) => {
        const resolved = next(specifier, context);
        if (probing || resolved.format === 'builtin') return resolved;
        seen.add(resolved.url);
        return this.#failedUrls.has(resolved.url)
          ? { ...resolved, url: this.#freshUrl(resolved.url) }
          : resolved;
      },
    });
    try {
      for (let pass = 0; pass < DEEPEST_CHAIN_COUNT; pass += 1) {
        seen.clear();
        // Each pass needs new URLs: those of the last one have failed on a dependency since.
        for (const url of this.#failedUrls) this.#attempts.set(url, (this.#attempts.get(url) ?? 0) + 1);
        try {
          return await load();
        } catch (error) {
          if (error !== lastError) throw error;
          probing = true;
          const foundCount = await this.#findFailed(seen, error);
          probing = false;
          if (foundCount === 0) throw error;
        }
      }
      throw lastError;
    } finally {
      hooks.deregister();
    }
  }

  /** Adds the modules of `urls` that fail with this very error. */
  async #findFailed(urls: Iterable<string>, error: unknown): Promise<number> {
    let foundCount = 0;
    for (const url of urls) {
      if (this.#failedUrls.has(url)) continue;
      const outcome: unknown = await import(url).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (outcome !== error) continue;
      this.#failedUrls.add(url);
      foundCount += 1;
    }
    return foundCount;
  }

  #freshUrl(url: string): string {
    return `${url}${url.includes('?') ? '&' : '?'}plimsoll-attempt=${this.#attempts.get(url) ?? 1}`;
  }
}

/** Modules from the root of an import to the one that fails, at most. */
const DEEPEST_CHAIN_COUNT = 64;

interface Resolution {
  readonly url: string;
  readonly format?: string | null;
}

type Resolve = (specifier: string, context: object) => Resolution;

type RegisterHooks = (hooks: {
  resolve: (specifier: string, context: object, next: Resolve) => Resolution;
}) => { deregister(): void };

/** `module.registerHooks`, which Node.js 20 does not have. */
function registerHooks(): RegisterHooks | undefined {
  return Reflect.get(nodeModule, 'registerHooks') as RegisterHooks | undefined;
}
