import type * as InspectorModule from 'node:inspector';
import { journal, PlimsollError, processWide } from '@plimsoll/memory';

/** Called with the `params` of an inspector event. Runs synchronously inside V8's notification. */
export type InspectorListener = (params: Readonly<Record<string, unknown>>) => void;

/** The one inspector session of this thread: every question to V8 goes through it. */
export interface Inspector {
  /** False when this process has no inspector or may not use it; every question is then answered with an error. */
  readonly available: boolean;
  /** Why it is not available, a sentence; absent when it is. */
  readonly unavailableReason?: string;
  /**
   * Asks V8 and returns its answer, in this very call.
   * @throws ERR_PLIMSOLL_UNAVAILABLE when there is no session, or V8 refuses the question.
   */
  ask<Answer>(method: string, params?: object): Answer;
  /** Asks V8 and returns its answer, or undefined when there is no session or V8 refuses the question. */
  tryAsk<Answer>(method: string, params?: object): Answer | undefined;
  /** Has V8 do something that it does later, on a turn of its own; a refusal is nobody's. */
  tell(method: string): void;
  /** Calls `listener` at every `method` event until the result is disposed. */
  on(method: string, listener: InspectorListener): Disposable;
}

type Session = InspectorModule.Session;

class OpenInspector implements Inspector {
  readonly available = true;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  ask<Answer>(method: string, params: object = {}): Answer {
    let failure: Error | null | undefined;
    let answer: Answer | undefined;
    let isAnswered = false;
    // Within one thread the session answers before post returns; a method that answers later would be a fault of ours.
    this.#session.post(method, params, (error: Error | null, result?: object) => {
      isAnswered = true;
      failure = error;
      answer = result as Answer;
    });
    if (!isAnswered || failure) {
      const why = failure?.message ?? 'no answer within the call';
      throw new PlimsollError('ERR_PLIMSOLL_UNAVAILABLE', `V8 did not answer ${method}: ${why}.`, {
        cause: failure,
        details: { method },
      });
    }
    return answer as Answer;
  }

  tryAsk<Answer>(method: string, params?: object): Answer | undefined {
    try {
      return this.ask<Answer>(method, params);
    } catch {
      // The caller asked for an answer or nothing.
      return undefined;
    }
  }

  tell(method: string): void {
    this.#session.post(method, {}, () => undefined);
  }

  on(method: string, listener: InspectorListener): Disposable {
    const handler = (message: { params?: object }): void =>
      listener((message.params ?? {}) as Record<string, unknown>);
    this.#session.on(method, handler);
    return { [Symbol.dispose]: () => void this.#session.off(method, handler) };
  }
}

class MissingInspector implements Inspector {
  readonly available = false;
  readonly unavailableReason: string;

  constructor(reason: string) {
    this.unavailableReason = reason;
  }

  ask<Answer>(method: string): Answer {
    throw new PlimsollError(
      'ERR_PLIMSOLL_UNAVAILABLE',
      `${method} needs the inspector of V8: ${this.unavailableReason}`,
      { details: { method } },
    );
  }

  tell(): void {
    // There is nobody to do it.
  }

  tryAsk<Answer>(): Answer | undefined {
    return undefined;
  }

  on(): Disposable {
    return { [Symbol.dispose]: () => undefined };
  }
}

/**
 * Opens the inspector session of this thread, or returns the one that is open. Connected and asked nothing it costs nothing that can be measured. Never throws: where
 * there is no inspector (a build without it, `--permission`) the result says so, and one journal entry does.
 */
export function openInspector(): Inspector {
  return processWide('inspector', connect);
}

/** True when this process listens for an inspector client (`--inspect`, SIGUSR1, `inspector.open()`). */
export function isInspectorPortOpen(): boolean {
  try {
    return process.getBuiltinModule('node:inspector').url() !== undefined;
  } catch {
    // No inspector, no port.
    return false;
  }
}

function connect(): Inspector {
  try {
    const { Session } = process.getBuiltinModule('node:inspector');
    const session = new Session();
    session.connect();
    return new OpenInspector(session);
  } catch (error) {
    const reason = reasonOf(error);
    journal().write('inspect', 'inspector-unavailable', { reason });
    return new MissingInspector(reason);
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ERR_ACCESS_DENIED')
    return 'the permission model forbids it; start with --allow-inspector where this Node has that flag.';
  if (process.features.inspector === false || code === 'ERR_INSPECTOR_NOT_AVAILABLE')
    return 'this build of Node has no inspector.';
  return error instanceof Error ? `${error.message}.` : 'it cannot be loaded.';
}
