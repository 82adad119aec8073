import { join } from 'node:path';
import { openInspector, startAllocationSampling } from '@plimsoll/inspect';
import {
  type ConfigFault,
  forgetProcessWide,
  journal,
  type MemoryLimit,
  type MemoryMonitor,
  type MemoryReader,
  type MemorySample,
  type MemoryTrend,
  onPressure,
  openMemoryReader,
  type PlimsollConfig,
  type PressureLevel,
  readCpuQuotaCores,
  readMemory,
  resolveMemoryLimit,
  startMemoryMonitor,
} from '@plimsoll/memory';
import { ControlChannel } from '../control/control-channel.ts';
import { Ballast } from '../heap-limit/ballast.ts';
import { HeapLimitGuard } from '../heap-limit/heap-limit-guard.ts';
import type { EpisodeMoment } from '../incident/incident-episode.ts';
import { defaultIncidentDir, IncidentStore } from '../incident/incident-store.ts';
import { Ladder } from '../ladder/ladder.ts';
import { GuardLog } from '../log/guard-log.ts';
import { announceGuard, reportLevel } from '../log/guard-lines.ts';
import { identifyProcess, type ProcessIdentity } from '../run/process-identity.ts';
import { reportDeadRuns } from '../run/dead-runs.ts';
import { RunFolder } from '../run/run-folder.ts';
import { RunKeeper } from '../run/run-keeper.ts';
import type { CaptureOutcome, GuardCore } from './guard.ts';
import type { HeapPolicies, PlannedHeap } from './guard-options.ts';

/** The slot of the one guard of a process. */
export const guardSlot = 'guard';

/** Half-written folders older than this belong to nobody any more. */
const abandonedMs = 600_000;
/** A leak this fast is still to be seen in time. */
const fastLeakBytesPerSecond = 50e6;
/** Two lines about the level are at least this far apart. */
const levelLineEveryMs = 60_000;

/** The one guard of this process: listens to the monitor's tick, keeps timeline and status, and lets the ladder decide. */
export class Watch implements GuardCore {
  readonly limit: MemoryLimit;
  readonly plan: PlannedHeap | undefined;
  readonly #config: PlimsollConfig;
  readonly #log: GuardLog;
  readonly #identity: ProcessIdentity = identifyProcess();
  readonly #monitor: MemoryMonitor;
  /** A reader of our own where an option names the limit; the shared one knows only the variable. */
  readonly #reader: MemoryReader | undefined;
  readonly #subscriptions: readonly Disposable[];
  readonly #heapLimit: HeapLimitGuard;
  readonly #offReasons: string[] = [];
  readonly #onExit = (): void => this.#end();
  readonly #keeper: RunKeeper;
  #ladder: Ladder | undefined;
  #channel: ControlChannel | undefined;
  #handleCount = 0;
  #isActive = true;
  #level: PressureLevel = 'normal';
  #levelReason = '';
  #levelLineAtMs = Number.NEGATIVE_INFINITY;

  constructor(config: PlimsollConfig, faults: readonly ConfigFault[], policies: HeapPolicies) {
    this.#config = config;
    this.#log = new GuardLog(config.log);
    this.#offReasons.push(...faults.map(({ message }) => message));
    this.limit = resolveMemoryLimit(config.limitBytes === null ? {} : { overrideBytes: config.limitBytes });
    this.plan = this.#makePlan(policies);
    this.#startProfile();
    const run = this.#openFolders();
    this.#keeper = new RunKeeper(run, this.#identity);
    this.#reader =
      config.limitBytes === null ? undefined : openMemoryReader({ overrideBytes: config.limitBytes });
    this.#monitor = startMemoryMonitor({
      tickMs: tickFor(this.limit.limitBytes),
      ...(this.#reader === undefined ? {} : { reader: this.#reader }),
    });
    this.#heapLimit = this.#guardHeapLimit(run, policies);
    this.#subscriptions = [
      this.#monitor.onSample((sample, trend) => this.#tick(sample, trend)),
      onPressure(({ reason }) => (this.#levelReason = reason)),
    ];
    process.once('exit', this.#onExit);
    const { heapLimitBytes } = this.#monitor.sampleNow();
    announceGuard(this.#log, this.limit, this.plan, heapLimitBytes, this.#offReasons);
  }

  get active(): boolean {
    return this.#isActive;
  }

  get offReasons(): readonly string[] {
    return this.#offReasons;
  }

  get incidents(): readonly string[] {
    return this.#ladder?.folders ?? [];
  }

  capture(reason: string): CaptureOutcome {
    if (!this.#isActive || this.#ladder === undefined) {
      return { folder: undefined, files: [], refusals: this.#offReasons };
    }
    return this.#ladder.capture(reason, this.#moment());
  }

  retain(): void {
    this.#handleCount += 1;
  }

  release(): void {
    this.#handleCount -= 1;
    if (this.#handleCount > 0) return;
    process.removeListener('exit', this.#onExit);
    this.#end();
    forgetProcessWide(guardSlot);
  }

  #makePlan({ plan }: HeapPolicies): PlannedHeap | undefined {
    const { limitBytes, origin: limitOrigin } = this.limit;
    try {
      return plan?.({ limitBytes, limitOrigin, externalBytes: this.#config.externalBytes });
    } catch (error) {
      journal().write('guard', 'no-plan', { reason: reasonOf(error) });
      return undefined;
    }
  }

  #startProfile(): void {
    const { available, unavailableReason } = openInspector();
    if (available) startAllocationSampling();
    else this.#offReasons.push(`Allocation profiles are off: ${unavailableReason ?? 'no inspector.'}`);
  }

  /** Everything on disk. What cannot be is said, and the rest goes on. */
  #openFolders(): RunFolder | undefined {
    const { incidentDir, incidentQuotaBytes, incidentCount, runDir } = this.#config;
    let run: RunFolder | undefined;
    try {
      const store = new IncidentStore({
        dir: incidentDir ?? defaultIncidentDir(),
        quotaBytes: incidentQuotaBytes,
        maxCount: incidentCount,
      });
      const runPath = runDir ?? join(store.dir, 'run');
      run = new RunFolder(runPath, this.#identity);
      reportDeadRuns(runPath, this.#identity, store, this.#log);
      store.sweepPartial(this.#identity.hostName, abandonedMs);
      this.#ladder = this.#makeLadder(store, run.timeline.path);
      this.#channel = this.#makeChannel(this.#ladder, run.path);
      return run;
    } catch (error) {
      run?.end();
      this.#offReasons.push(`Incidents are off: ${reasonOf(error)}`);
      journal().write('guard', 'incidents-off', { reason: reasonOf(error) });
      return undefined;
    }
  }

  #makeLadder(store: IncidentStore, timelinePath: string): Ladder {
    const { triggerRatio, triggerBytes, cooldownMs, maxPauseMs, snapshot } = this.#config;
    const { autopsy, autopsyHeadroomBytes } = this.#config;
    const { pid, bootId, hostName, startedAtMs } = this.#identity;
    return new Ladder({
      store,
      log: this.#log,
      identity: this.#identity,
      process: {
        pid,
        bootId,
        hostName,
        startedAtMs,
        nodeVersion: process.versions.node,
        v8Version: process.versions.v8,
        platform: process.platform,
        arch: process.arch,
        cpuQuotaCores: readCpuQuotaCores(),
      },
      limit: {
        limitBytes: this.limit.limitBytes,
        source: this.limit.source,
        origin: this.limit.origin,
        ...(this.plan === undefined ? {} : { plannedOldSpaceBytes: this.plan.oldSpaceBytes }),
      },
      timelinePath,
      bounds: { triggerRatio, triggerBytes },
      cooldownMs,
      maxPauseMs,
      snapshots: snapshot === 'auto',
      autopsies: { isOn: autopsy === 'auto', headroomBytes: autopsyHeadroomBytes },
    });
  }

  #makeChannel(ladder: Ladder, runPath: string): ControlChannel | undefined {
    const { control, triggerRatio, triggerBytes, cooldownMs } = this.#config;
    if (!control) return undefined;
    return new ControlChannel(
      {
        identity: this.#identity,
        limit: this.limit,
        plan: this.plan,
        bounds: { triggerRatio, triggerBytes },
        cooldownMs,
        ladder,
        offReasons: this.#offReasons,
        incidents: ladder.folders,
        capture: (reason, terms) => ladder.capture(reason, this.#moment(), terms),
      },
      runPath,
    );
  }

  #guardHeapLimit(run: RunFolder | undefined, { grow }: HeapPolicies): HeapLimitGuard {
    const { limitBytes: optionBytes, externalBytes } = this.#config;
    const limitNow = (): MemoryLimit =>
      resolveMemoryLimit(optionBytes === null ? {} : { overrideBytes: optionBytes });
    const { limitBytes: plannedLimitBytes } = this.limit;
    return new HeapLimitGuard({
      config: this.#config,
      log: this.#log,
      ladder: this.#ladder,
      ballast: run === undefined ? undefined : new Ballast(run.path),
      // No tick is made at the limit: a tick may do anything, and this thread has no heap left for it.
      look: () => this.#moment(this.#reader?.read() ?? readMemory()),
      keepLast: ({ sample, trend, level }, lastWords) => {
        const incident = this.incidents.at(-1) ?? null;
        this.#keeper.tick(sample, trend, level, { incident, offReasons: this.#offReasons, lastWords });
      },
      grow:
        grow === undefined
          ? undefined
          : (heap) => grow({ ...heap, ...limitNow(), plannedLimitBytes, externalBytes }),
    });
  }

  /** What `sample` shows; by itself a tick now, and what it saw. */
  #moment(sample: MemorySample = this.#monitor.sampleNow()): EpisodeMoment {
    const { level, isHeapContained } = this.#monitor;
    return { sample, trend: this.#monitor.trend(), level, isHeapContained };
  }

  #tick(sample: MemorySample, trend: MemoryTrend): void {
    if (!this.#isActive) return;
    const { level, isHeapContained } = this.#monitor;
    const incident = this.incidents.at(-1) ?? null;
    const ended = this.#keeper.tick(sample, trend, level, { incident, offReasons: this.#offReasons });
    if (ended !== undefined) {
      this.#offReasons.push(ended);
      this.#log.write('degraded', ended);
    }
    const moment = { sample, trend, level, isHeapContained };
    // The hook first: what the ladder does may take long, and this heap may not have long.
    this.#heapLimit.tick(moment);
    this.#ladder?.tick(moment);
    this.#channel?.tick(moment);
    if (level !== this.#level) this.#levelChanged(sample, level);
  }

  #levelChanged(sample: MemorySample, level: PressureLevel): void {
    const isDeep = level === 'critical' || level === 'terminal';
    const wasDeep = this.#level === 'critical' || this.#level === 'terminal';
    this.#level = level;
    if (!isDeep || (wasDeep && level === 'critical')) return;
    if (!wasDeep && sample.monotonicMs - this.#levelLineAtMs < levelLineEveryMs) return;
    this.#levelLineAtMs = sample.monotonicMs;
    reportLevel(this.#log, sample, level, this.#levelReason, this.incidents.at(-1) ?? null);
  }

  #end(): void {
    if (!this.#isActive) return;
    this.#isActive = false;
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#heapLimit.end();
    this.#ladder?.end(this.#moment());
    this.#channel?.end();
    this.#monitor[Symbol.dispose]();
    this.#reader?.[Symbol.dispose]();
    this.#keeper.end();
  }
}

/** Milliseconds between ticks: four of them before a leak of 50 MB/s has filled half of the limit, 100 ms to 1 s. */
function tickFor(limitBytes: number): number {
  const halfFullMs = (limitBytes / 2 / fastLeakBytesPerSecond) * 1000;
  return Math.round(Math.min(1000, Math.max(100, halfFullMs / 4)));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
