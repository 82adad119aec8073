import type { ScopesOf } from './deep-size.ts';
import type { AnyFunction } from './own-values.ts';
import type { FunctionInside, ScopeReader, Variables } from './scope-reader.ts';

const UNKNOWN: FunctionInside = { location: undefined, scopes: [] };

/** Asks V8 for what JavaScript cannot see, as often as a walk may: each question costs 0.1 ms. */
export class ScopeBudget {
  readonly #scopes: ScopeReader;
  readonly #known = new WeakMap<object, FunctionInside>();
  #leftCount: number;

  constructor(scopes: ScopeReader, readCount: number) {
    this.#scopes = scopes;
    this.#leftCount = readCount;
  }

  /** Where a function stands and what it can see. */
  inside(target: AnyFunction): FunctionInside {
    return this.#take() ? this.#scopes.inside(target) : UNKNOWN;
  }

  /** What {@link scopesOfSome} has learnt of a function; undefined where it was not read. */
  known(target: object): FunctionInside | undefined {
    return this.#known.get(target);
  }

  /** Private fields of an object or class, with their `#`. */
  privateFields(target: object): Variables {
    return this.#take() ? this.#scopes.privateFields(target) : {};
  }

  /** What a proxy stands for. */
  proxyTarget(proxy: object): unknown {
    return this.#take() ? this.#scopes.proxyTarget(proxy) : undefined;
  }

  /** Reads what the first few functions among the entries of a container keep. These readings are bounded by the container, not by the walk: its size hangs on them. */
  scopesOfSome(functionCount: number): ScopesOf {
    let reads = 0;
    return (target) => {
      if (reads >= functionCount) return undefined;
      reads += 1;
      const inside = this.#scopes.inside(target);
      this.#known.set(target, inside);
      // Innermost is the function's own; those around it are shared by all functions of the place, the outermost by all of the file.
      const [innermost] = inside.scopes.slice(0, -1);
      return innermost === undefined ? [] : [innermost.variables];
    };
  }

  #take(): boolean {
    if (this.#leftCount <= 0) return false;
    this.#leftCount -= 1;
    return true;
  }
}
