import { onPressure, type PressureLevel, pressureLevel, pressureLevels } from '@plimsoll/memory/holders';
import { abortedFault, throwIfAborted, timeoutFault } from '../fault.ts';
import type { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { generatedFlow, type Workbench } from '../flow/generated-flow.ts';
import { checkChoice, checkMs } from '../option-check.ts';
import { type ItemSource, requireSource, type SourceReader } from '../source/source-reader.ts';

/** When a gate closes and opens. */
export interface GateOptions {
  /**
   * The level at which the gate closes.
   * @default 'critical'
   */
  readonly closeAt?: PressureLevel | undefined;
  /**
   * The level at which a closed gate opens again; below `closeAt`, so that it does not flutter at the border.
   * @default the level below closeAt
   */
  readonly openAt?: PressureLevel | undefined;
  /** How long one passage may wait at a closed gate, in milliseconds. */
  readonly maxWaitMs: number;
  /**
   * What happens then: `error` ends the flow with ERR_PLIMSOLL_TIMEOUT; `pass` lets one item through and closes again, so that work goes on slowly.
   * @default 'error'
   */
  readonly onLate?: 'error' | 'pass' | undefined;
}

/** How {@link pressureGate} gates a flow. */
export interface PressureGateOptions extends FlowOptions, GateOptions {}

const DEFAULTS = Object.freeze({ closeAt: 'critical', onLate: 'error' });

const rank = (level: PressureLevel): number => pressureLevels.indexOf(level);

interface GatePlan {
  readonly closeAt: PressureLevel;
  readonly openAt: PressureLevel;
  readonly maxWaitMs: number;
  readonly onLate: 'error' | 'pass';
}

function checkGate(options: GateOptions): GatePlan {
  const closeAt = checkChoice('closeAt', options?.closeAt ?? DEFAULTS.closeAt, pressureLevels.slice(1));
  const below = pressureLevels.slice(0, rank(closeAt));
  const openAt = checkChoice('openAt', options.openAt ?? below.at(-1), below);
  const maxWaitMs = checkMs('maxWaitMs', options.maxWaitMs, 1);
  const onLate = checkChoice('onLate', options.onLate ?? DEFAULTS.onLate, ['error', 'pass'] as const);
  return { closeAt, openAt, maxWaitMs, onLate };
}

/** Waits until the process has memory again. For loops that are no stream; {@link pressureGate} is the same around a source. */
export class PressureGate {
  readonly #plan: GatePlan;
  #isClosed = false;

  /** @throws ERR_PLIMSOLL_OPTION. */
  constructor(options: GateOptions) {
    this.#plan = checkGate(options);
  }

  /** The gate is closed. While nothing samples the process's memory, it never is. */
  get isClosed(): boolean {
    const level = rank(pressureLevel());
    if (level >= rank(this.#plan.closeAt)) this.#isClosed = true;
    else if (level <= rank(this.#plan.openAt)) this.#isClosed = false;
    return this.#isClosed;
  }

  /** Resolves when the gate is open. @throws ERR_PLIMSOLL_TIMEOUT after `maxWaitMs`, unless late ones pass; ERR_PLIMSOLL_ABORTED. */
  async pass(signal?: AbortSignal): Promise<void> {
    throwIfAborted('pressureGate', signal);
    if (!this.isClosed) return;
    const { maxWaitMs, onLate, openAt } = this.#plan;
    const passed = await this.#waitForOpen(signal);
    if (passed || onLate === 'pass') return;
    throw timeoutFault(
      `The pressure gate stayed closed for maxWaitMs = ${maxWaitMs}; the level is ${pressureLevel()} and it opens at ${openAt}.`,
      { option: 'maxWaitMs', maxWaitMs, level: pressureLevel() },
    );
  }

  #waitForOpen(signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        listening[Symbol.dispose]();
        signal?.removeEventListener('abort', onAbort);
        done();
      };
      const onAbort = (): void => settle(() => reject(abortedFault('pressureGate', signal as AbortSignal)));
      const timer = setTimeout(() => settle(() => resolve(false)), this.#plan.maxWaitMs);
      const listening = onPressure(() => {
        if (!this.isClosed) settle(() => resolve(true));
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/**
 * Passes items on while the process has memory, and reads nothing from the source while it has not: at level `closeAt` the gate closes, at `openAt` it opens.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: ERR_PLIMSOLL_TIMEOUT when the gate stayed closed for `maxWaitMs`.
 */
export function pressureGate<T>(source: ItemSource<T>, options: PressureGateOptions): Flow<T> {
  const gate = new PressureGate(options);
  requireSource(source);
  return generatedFlow('pressureGate', options, (bench) => gated(bench, bench.openItems(source), gate));
}

async function* gated<T>(
  bench: Workbench,
  items: SourceReader<T>,
  gate: PressureGate,
): AsyncGenerator<T, void, undefined> {
  for (;;) {
    if (gate.isClosed) await gate.pass(bench.ended);
    const { done, value } = await items.next();
    if (done === true) return;
    yield value;
  }
}
