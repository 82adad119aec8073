import { getHeapStatistics } from 'node:v8';
import { journal, oldSpaceLimitBytes, peekProcessWide, processWide } from '@plimsoll/memory';
import { type Inspector, isInspectorPortOpen, openInspector } from '../inspector/inspector.ts';
import { endThread } from './last-exit.ts';
import { canEndPause, liveWorkerCount } from './live-workers.ts';
import { decideAtLimit } from './near-limit-policy.ts';
import type { PausedFrame } from './paused-frame.ts';
import { findStandDown } from './stand-down.ts';
import { nextHeapLimitBytes } from './growth-step.ts';
import { runUnpaused } from './unpaused-work.ts';

/** What came of the wish to arm. */
export interface ArmResult {
  readonly armed: boolean;
  /** Why not, a sentence; absent when armed. */
  readonly reason?: string;
  /** Milliseconds the service stood still for it. */
  readonly armMs: number;
}

/** V8's limit is four times the first old space once it has been met: above this factor nothing else explains it. */
const MET_FACTOR = 1.02;

/** The exit code when no policy decides: what V8's own death shows. */
const UNDECIDED_CODE = 134;

/**
 * The near-heap-limit hook in plain JavaScript. While V8's debugger is enabled, V8 answers its own heap limit by quadrupling it and pausing the next JavaScript call with the
 * reason `OOM`; the listener of that event runs synchronously, in the middle of whatever the service was doing. Enabled, the debugger costs a service of many awaits 25–45 %
 * (`benchmarks/guard-cost.mjs --armed`): armed late, disarmed when the danger has passed.
 *
 * Three things would hurt and are not done: resuming a pause that is not ours; returning from ours while another thread's session is connected (V8 then waits for that
 * session, on Node 20 and 24 for ever); returning from it in a worker (the whole process aborts).
 */
class NearLimitHook {
  readonly #inspector: Inspector;
  readonly #scripts = new Map<string, string>();
  #listeners: Disposable[] = [];
  #isArmed = false;
  #heapLimitBytes = 0;
  /** V8's limit when the hook was armed for the first time: what V8 quadruples, whatever the limit has become since. */
  #firstHeapLimitBytes: number | undefined;
  #lastRefusal: string | undefined;

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
    liveWorkerCount();
  }

  get isArmed(): boolean {
    return this.#isArmed;
  }

  /** URLs of the scripts V8 has loaded, by script id; empty until armed once. */
  get scripts(): ReadonlyMap<string, string> {
    return this.#scripts;
  }

  arm(reason: string): ArmResult {
    if (this.#isArmed) return { armed: true, armMs: 0 };
    const refusal = findStandDown();
    if (refusal !== undefined) return this.#refuse(refusal);
    const beganMs = performance.now();
    this.#heapLimitBytes = getHeapStatistics().heap_size_limit;
    this.#firstHeapLimitBytes ??= this.#heapLimitBytes;
    this.#listeners = [
      this.#followScripts(),
      this.#inspector.on('Debugger.paused', (pause) => this.#paused(pause)),
    ];
    if (!this.#enable()) {
      this.#release();
      return this.#refuse('V8 refused to enable its debugger.');
    }
    this.#isArmed = true;
    this.#lastRefusal = undefined;
    const armMs = performance.now() - beganMs;
    journal().write('inspect', 'armed', { reason, armMs, scriptCount: this.#scripts.size });
    return { armed: true, armMs };
  }

  #enable(): boolean {
    return (
      this.#inspector.tryAsk('Debugger.enable', { maxScriptsCacheSize: 0 }) !== undefined &&
      // Nothing but the limit pauses then: a `debugger` statement of the service costs nothing and stops nothing.
      this.#inspector.tryAsk('Debugger.setSkipAllPauses', { skip: true }) !== undefined
    );
  }

  #refuse(reason: string): ArmResult {
    if (reason !== this.#lastRefusal) journal().write('inspect', 'arming-refused', { reason });
    this.#lastRefusal = reason;
    return { armed: false, reason, armMs: 0 };
  }

  /** V8 lists its scripts to whoever enables the debugger: for a moment, unless it is enabled anyway. */
  learnScripts(): void {
    if (this.#isArmed || isInspectorPortOpen()) return;
    using _follow = this.#followScripts();
    this.#inspector.tryAsk('Debugger.enable', { maxScriptsCacheSize: 0 });
    this.#inspector.tryAsk('Debugger.disable');
  }

  #followScripts(): Disposable {
    return this.#inspector.on('Debugger.scriptParsed', ({ scriptId, url }) => {
      if (typeof scriptId === 'string' && typeof url === 'string' && url !== '')
        this.#scripts.set(scriptId, url);
    });
  }

  disarm(reason: string): void {
    if (!this.#isArmed) return;
    const beganMs = performance.now();
    this.#release();
    journal().write('inspect', 'disarmed', { reason, disarmMs: performance.now() - beganMs });
  }

  #release(): void {
    this.#inspector.tryAsk('Debugger.disable');
    for (const listener of this.#listeners) listener[Symbol.dispose]();
    this.#listeners = [];
    this.#isArmed = false;
  }

  /**
   * What can change while armed is looked at each tick: somebody opened the inspector port; or the limit was met and V8 did not pause: Node.js 20 and 22 forget the pause when
   * the innermost frame is a builtin, or code that debuggers skip. Then nobody has decided yet, and the heap goes on growing beyond what the container was planned for.
   */
  check(): void {
    if (!this.#isArmed) return;
    if (isInspectorPortOpen()) this.disarm('the inspector port was opened');
    else if (this.#isLimitMet()) {
      journal().write('inspect', 'pause-missed', { heapLimitBytes: this.#heapLimitBytes });
      this.#decide([]);
    }
  }

  /** Our own work allocates like any other, and its functions are where V8 fails: it is run without pauses, and the limit decided after it. */
  run<Result>(work: () => Result): Result {
    if (!this.#isArmed) return work();
    try {
      return runUnpaused(this.#inspector, work);
    } finally {
      this.check();
    }
  }

  #isLimitMet(): boolean {
    return getHeapStatistics().heap_size_limit > this.#heapLimitBytes * MET_FACTOR;
  }

  #paused(pause: Readonly<Record<string, unknown>>): void {
    // Another session's breakpoint, another session's to end.
    if (pause['reason'] !== 'OOM') return;
    this.#decide((pause['callFrames'] ?? []) as readonly PausedFrame[]);
    this.#inspector.tryAsk('Debugger.resume');
  }

  /** Returns when the heap may grow; ends the process otherwise. */
  #decide(frames: readonly PausedFrame[]): void {
    const heapUsedBytes = getHeapStatistics().used_heap_size;
    const nextBytes = this.#nextHeapLimitBytes(heapUsedBytes);
    const decision = decideAtLimit({
      heapLimitBytes: this.#heapLimitBytes,
      heapUsedBytes,
      nextHeapLimitBytes: nextBytes ?? this.#heapLimitBytes,
      frames,
      canGrow: nextBytes !== undefined && canEndPause(isInspectorPortOpen()),
    });
    if (decision === undefined || 'exit' in decision) endThread(decision?.exit ?? UNDECIDED_CODE);
    this.#grow(decision.growToBytes);
  }

  #nextHeapLimitBytes(heapUsedBytes: number): number | undefined {
    const firstBytes = this.#firstHeapLimitBytes ?? this.#heapLimitBytes;
    const firstOldSpaceBytes = oldSpaceLimitBytes(firstBytes);
    return nextHeapLimitBytes({
      heapUsedBytes,
      firstOldSpaceBytes,
      youngBytes: firstBytes - firstOldSpaceBytes,
    });
  }

  /**
   * One step, inside the pause or at a tick. The four times that V8 has just allowed itself may be more than the container holds. Disabled, V8 takes its limit back to what is live and a
   * quarter; enabled again, it comes back here when that is full, also in the middle of a synchronous loop.
   */
  #grow(growToBytes: number): void {
    this.#inspector.tryAsk('Debugger.disable');
    this.#isArmed = this.#enable();
    this.#heapLimitBytes = getHeapStatistics().heap_size_limit;
    journal().write('inspect', 'heap-grown', { heapLimitBytes: this.#heapLimitBytes, growToBytes });
  }
}

const hookSlot = 'near-limit-hook';

function hook(): NearLimitHook {
  return processWide(hookSlot, () => new NearLimitHook(openInspector()));
}

/** Arms the hook: from now on the policies of {@link onNearLimit} decide what happens at V8's limit. Blocks 15–300 ms by the number of scripts. Never throws. */
export function armNearLimit(reason: string): ArmResult {
  return hook().arm(reason);
}

/** Disarms the hook; 3–7 ms. A heap that was let grow keeps a limit of at least what is live and a quarter. */
export function disarmNearLimit(reason: string): void {
  hook().disarm(reason);
}

/** Disarms when something has come up that forbids to be armed, and asks the policies where V8 met its limit without a pause. For each tick: 1 µs, 10 µs while armed. */
export function checkNearLimit(): void {
  hook().check();
}

/**
 * Runs `work` now and returns its result. While armed V8 does not pause inside it, and the policies of {@link onNearLimit} are asked after it where the limit was met meanwhile: for all that
 * a guard does by itself. 50–200 µs while armed.
 * @throws what `work` throws.
 */
export function runBesideNearLimit<Result>(work: () => Result): Result {
  const made = peekProcessWide<NearLimitHook>(hookSlot);
  return made === undefined ? work() : made.run(work);
}

/** True while the hook is armed. */
export function isNearLimitArmed(): boolean {
  return hook().isArmed;
}

/** URLs of the scripts V8 has loaded, by script id. Asks V8 unless the hook is armed: 15–280 ms by the number of scripts. */
export function scriptUrls(): ReadonlyMap<string, string> {
  hook().learnScripts();
  return hook().scripts;
}

/** The same as far as V8 has been asked before. */
export function knownScriptUrls(): ReadonlyMap<string, string> {
  return hook().scripts;
}
