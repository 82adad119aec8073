import { isThenable, messageOf, withDeadline } from '@plimsoll/memory/holders';
import { publishPoolEvent } from './pool-events.ts';
import type { ResourceFactory } from './resource-pool-options.ts';

/** The factory of a {@link ResourcePool} with a deadline on each call, and an outcome for each way it can go wrong. */
export class ResourceMaker<T> {
  readonly #factory: ResourceFactory<T>;
  readonly #timeoutMs: number;
  readonly #pool: string;

  constructor(factory: ResourceFactory<T>, timeoutMs: number, pool: string) {
    this.#factory = factory;
    this.#timeoutMs = timeoutMs;
    this.#pool = pool;
  }

  /** A new resource; rejects when none comes in time. What comes later is destroyed. */
  async create(signal: AbortSignal): Promise<T> {
    const work = Promise.resolve(this.#factory.create({ signal }));
    const late = (resource: T): void => void this.destroy(resource);
    const resource = await withDeadline(work, { ...this.#deadline('create'), late });
    if (resource === undefined || resource === null)
      throw new TypeError(`create answered ${String(resource)}`);
    return resource;
  }

  /** Whether a resource is in good order; a promise when the check takes time. Neither throws nor rejects. */
  validate(resource: T): boolean | Promise<boolean> {
    const { validate } = this.#factory;
    if (validate === undefined) return true;
    try {
      const answer = validate(resource);
      return isThenable(answer) ? this.#inTime(answer as PromiseLike<boolean>) : answer === true;
    } catch {
      // A check that throws has answered: the resource is not in good order.
      return false;
    }
  }

  /** Ends a resource: undefined when that was done at once, else a promise that never rejects. */
  destroy(resource: T): Promise<void> | undefined {
    const { destroy } = this.#factory;
    if (destroy === undefined) return undefined;
    const failed = (error: unknown): void => {
      publishPoolEvent(this.#pool, 'destroy-failed', { error: messageOf(error) });
    };
    try {
      const answer = destroy(resource);
      if (!isThenable(answer)) return undefined;
      return Promise.resolve(withDeadline(answer, this.#deadline('destroy'))).then(() => {}, failed);
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #inTime(answer: PromiseLike<boolean>): Promise<boolean> {
    return Promise.resolve(withDeadline(answer, this.#deadline('validate'))).then(
      (valid) => valid === true,
      // A check that rejects or takes too long has answered: the resource is not in good order.
      () => false,
    );
  }

  #deadline(call: string): { timeoutMs: number; what: string } {
    return { timeoutMs: this.#timeoutMs, what: `${call} of pool "${this.#pool}"` };
  }
}
