import { openInspector, runBesideNearLimit, startAllocationSampling } from '@plimsoll/inspect';
import {
  type ConfigFault,
  journal,
  type MemoryLimit,
  type MemoryMonitor,
  type MemoryReader,
  type MemorySample,
  type MemoryTrend,
  onPressure,
  openMemoryReader,
  type PlimsollConfig,
  readMemory,
  resolveMemoryLimit,
  startMemoryMonitor,
} from '@plimsoll/memory';
import { type Backends, findBackends } from '../backends/backends.ts';
import { ControlChannel } from '../control/control-channel.ts';
import { EndMark } from '../deaths/end-mark.ts';
import type { LateLook } from '../deaths/late-look.ts';
import type { EndingHook, OrderedEnding } from '../ending/ordered-ending.ts';
import { Ballast } from '../heap-limit/ballast.ts';
import { HeapLimitGuard } from '../heap-limit/heap-limit-guard.ts';
import { InFlightKeeper } from '../in-flight/in-flight-keeper.ts';
import type { EpisodeMoment, EpisodeOrigin } from '../incident/incident-episode.ts';
import { IsolateRegistry } from '../isolates/isolate-registry.ts';
import { Ladder } from '../ladder/ladder.ts';
import { LivelockWatch } from '../livelock/livelock-watch.ts';
import { GuardLog } from '../log/guard-log.ts';
import { announceGuard } from '../log/guard-lines.ts';
import { LevelLines } from '../log/level-lines.ts';
import { NeighbourWatch } from '../neighbours/neighbour-watch.ts';
import { identifyProcess, type ProcessIdentity } from '../run/process-identity.ts';
import type { RunFolder } from '../run/run-folder.ts';
import { RunKeeper } from '../run/run-keeper.ts';
import { makeEnding } from './guard-ending.ts';
import type { BlockedSight } from '../sentinel/blocked-look.ts';
import { SentinelGuard } from '../sentinel/sentinel-guard.ts';
import type { CaptureOutcome } from './guard.ts';
import { boundsOf, describeProcess, type GuardFolders, openGuardFolders } from './guard-folders.ts';
import type { HeapPolicies, PlannedHeap } from './guard-options.ts';
import { GuardPart } from './guard-part.ts';
import { makePlan } from './guard-plan.ts';
import { ladderTermsOf } from './ladder-terms.ts';
import { tickFor } from './tick-interval.ts';

/** The one guard of this process: listens to the monitor's tick, keeps timeline and status, and lets the ladder decide. */
export class Watch extends GuardPart {
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
  readonly #keeper: RunKeeper;
  readonly #backends: Backends;
  readonly #levelLines: LevelLines;
  readonly #livelock = new LivelockWatch();
  readonly #ending: OrderedEnding;
  readonly #isolates: IsolateRegistry;
  readonly #sentinel: SentinelGuard;
  readonly #endMark: EndMark | undefined;
  readonly #lateLook: LateLook | undefined;
  readonly #neighbours: NeighbourWatch;
  readonly #requests: InFlightKeeper | undefined;
  #channel: ControlChannel | undefined;
  /** Above 0 while the guard itself is at work: then the sentinel's look would find it in the middle of something. */
  #workCount = 0;

  constructor(config: PlimsollConfig, faults: readonly ConfigFault[], policies: HeapPolicies) {
    super();
    this.#config = config;
    this.#log = new GuardLog(config.log);
    this.#levelLines = new LevelLines(this.#log);
    this.offReasons.push(...faults.map(({ message }) => message));
    this.limit = resolveMemoryLimit(config.limitBytes === null ? {} : { overrideBytes: config.limitBytes });
    this.#neighbours = new NeighbourWatch(this.limit);
    this.plan = makePlan(policies.plan, this.limit, config.externalBytes);
    this.#startProfile();
    this.#backends = findBackends(config);
    this.offReasons.push(...this.#backends.faults);
    const folders = this.#openFolders();
    const run = folders?.run;
    this.#isolates = new IsolateRegistry(this.#log, {
      config,
      identity: this.#identity,
      limit: this.limit,
      storeDir: folders?.store.dir,
      timelinePath: run?.timeline.path,
    });
    this.#lateLook = folders?.lateLook;
    this.#keeper = new RunKeeper(run, this.#identity);
    this.#requests = config.followsRequests
      ? new InFlightKeeper(this.limit.limitBytes, run?.path)
      : undefined;
    this.#reader =
      config.limitBytes === null ? undefined : openMemoryReader({ overrideBytes: config.limitBytes });
    this.#monitor = startMemoryMonitor({
      tickMs: tickFor(this.limit.limitBytes),
      limit: this.limit,
      thresholds: config,
      ...(this.#reader === undefined ? {} : { reader: this.#reader }),
    });
    this.#heapLimit = this.#guardHeapLimit(run, policies);
    this.#ending = makeEnding({
      config,
      identity: this.#identity,
      log: this.#log,
      ladder: this.ladder,
      heapLimit: this.#heapLimit,
      requests: this.#requests,
      runDir: folders?.runDir,
    });
    this.#sentinel = new SentinelGuard({
      mode: config.sentinel,
      limitBytes: this.limit.limitBytes,
      isWanted: folders?.caution.wantsSentinel ?? false,
      overrideBytes: config.limitBytes,
      tickMs: tickFor(this.limit.limitBytes),
      trend: () => this.#monitor.trend(),
      look: (sight) => this.#look(sight),
    });
    this.#endMark = run === undefined ? undefined : new EndMark(run.path);
    this.#subscriptions = [
      this.#monitor.onSample((sample, trend) => this.#tick(sample, trend)),
      onPressure(({ reason }) => (this.#levelLines.reason = reason)),
    ];
    this.endWithThread();
    const { heapLimitBytes } = this.#monitor.sampleNow();
    announceGuard(this.#log, this.limit, this.plan, heapLimitBytes, {
      offReasons: this.offReasons,
      backends: this.#backends.sentence,
    });
  }

  protected override captureWith(ladder: Ladder, reason: string): CaptureOutcome {
    return this.#work(() => ladder.capture(reason, this.#moment()));
  }

  get isEnding(): boolean {
    return this.#ending.hasBegun;
  }

  onEnding(hook: EndingHook): Disposable {
    return this.#ending.onEnding(hook);
  }

  #startProfile(): void {
    const { available, unavailableReason } = openInspector();
    if (available) startAllocationSampling();
    else this.offReasons.push(`Allocation profiles are off: ${unavailableReason ?? 'no inspector.'}`);
  }

  /** Everything on disk. What cannot be is said, and the rest goes on. */
  #openFolders(): GuardFolders | undefined {
    const process = describeProcess(this.#identity);
    const { limit } = this;
    let run: RunFolder | undefined;
    try {
      const folders = openGuardFolders({
        config: this.#config,
        identity: this.#identity,
        process,
        limit,
        log: this.#log,
      });
      run = folders.run;
      this.ladder = this.#makeLadder(folders, process);
      this.#channel = this.#makeChannel(this.ladder, folders);
      return folders;
    } catch (error) {
      run?.end();
      this.offReasons.push(`Incidents are off: ${reasonOf(error)}`);
      journal().write('guard', 'incidents-off', { reason: reasonOf(error) });
      return undefined;
    }
  }

  #makeLadder({ store, run, caution }: GuardFolders, process: EpisodeOrigin['process']): Ladder {
    return new Ladder({
      ...ladderTermsOf(this.#config, this.limit, this.plan),
      store,
      log: this.#log,
      identity: this.#identity,
      process,
      timelinePath: run.timeline.path,
      requests: () => this.#requests?.report(),
      workers: () => this.#isolates.rows(),
      backends: this.#backends,
      neighbours: (sample) => this.#neighbours.report(sample),
      bounds: boundsOf(caution, this.#config),
    });
  }

  #makeChannel(ladder: Ladder, { run }: GuardFolders): ControlChannel | undefined {
    const { control, cooldownMs } = this.#config;
    if (!control) return undefined;
    return new ControlChannel(
      {
        identity: this.#identity,
        limit: this.limit,
        plan: this.plan,
        cooldownMs,
        ladder,
        offReasons: this.offReasons,
        incidents: ladder.folders,
        capture: (reason, terms) => this.#work(() => ladder.capture(reason, this.#moment(), terms)),
      },
      run.path,
    );
  }

  #guardHeapLimit(run: RunFolder | undefined, { grow, plan }: HeapPolicies): HeapLimitGuard {
    const { externalBytes } = this.#config;
    const { limitBytes: plannedLimitBytes } = this.limit;
    const readNow = (): MemorySample => this.#reader?.read() ?? readMemory();
    return new HeapLimitGuard({
      config: this.#config.mode === 'dry-run' ? { ...this.#config, autopsy: 'off' } : this.#config,
      log: this.#log,
      ladder: this.ladder,
      ballast: run === undefined ? undefined : new Ballast(run.path),
      // No tick is made at the limit: a tick may do anything, and this thread has no heap left for it.
      look: () => {
        // The process ends here: nothing may come between.
        this.#workCount += 1;
        return this.#moment(readNow());
      },
      keepLast: ({ sample, trend, level }, lastWords) => {
        const incident = this.incidents.at(-1) ?? null;
        this.#keeper.tick(sample, trend, level, { incident, offReasons: this.offReasons, lastWords });
      },
      requests: () => this.#requests?.report(),
      plan,
      grow:
        grow === undefined
          ? undefined
          : (heap) => {
              const { limitBytes, headroomBytes } = readNow();
              return grow({ ...heap, limitBytes, headroomBytes, plannedLimitBytes, externalBytes });
            },
    });
  }

  /** What `sample` shows; by itself a tick now, and what it saw. */
  #moment(sample: MemorySample = this.#monitor.sampleNow()): EpisodeMoment {
    const { level, isHeapContained } = this.#monitor;
    return { sample, trend: this.#monitor.trend(), level, isHeapContained };
  }

  #tick(sample: MemorySample, trend: MemoryTrend): void {
    if (!this.active) return;
    const { level, isHeapContained } = this.#monitor;
    const moment = { sample, trend, level, isHeapContained };
    this.#work(() => {
      this.#follow(moment);
      this.#requests?.tick();
      const livelock = this.#livelock.tick(sample);
      this.ladder?.tick(moment, livelock);
      if (this.ladder?.hasOpenIncident === true) this.#isolates.askLargest(sample);
      this.#ending.tick(moment, livelock);
      this.#channel?.tick(moment);
      this.#levelLines.tick(sample, level, this.incidents.at(-1) ?? null, () => this.#requests?.report());
    });
    // After the work: what it took must not count as silence.
    this.#sentinel.tick(sample);
    this.#endMark?.tick(this.#sentinel.isOn);
    this.#lookLate(sample);
  }

  #lookLate({ monotonicMs }: MemorySample): void {
    const caution = this.#lateLook?.tick(monotonicMs);
    if (caution === undefined) return;
    this.ladder?.heed(boundsOf(caution, this.#config));
    if (caution.wantsSentinel) this.#sentinel.want();
  }

  /** A tick in the middle of a blocked event loop: evidence alone. Pressure, an ordered ending and requests would run code of the service. */
  #look({ sample, trend }: BlockedSight): void {
    if (!this.active || this.#workCount > 0) return;
    const { level, isHeapContained } = this.#monitor;
    const moment = { sample, trend, level, isHeapContained };
    this.#work(() => {
      this.#follow(moment);
      this.ladder?.tick(moment);
      if (this.ladder?.hasOpenIncident === true) this.#isolates.askLargest(sample);
    });
  }

  #work<Result>(work: () => Result): Result {
    this.#workCount += 1;
    try {
      return runBesideNearLimit(work);
    } finally {
      this.#workCount -= 1;
    }
  }

  /** Timeline and status, then the hook: what the ladder does may take long, and this heap may not have long. */
  #follow(moment: EpisodeMoment): void {
    const { sample, trend, level } = moment;
    const incident = this.incidents.at(-1) ?? null;
    const ended = this.#keeper.tick(sample, trend, level, { incident, offReasons: this.offReasons });
    if (ended !== undefined) {
      this.offReasons.push(ended);
      this.#log.write('degraded', ended);
    }
    this.#isolates.tick(sample);
    this.#neighbours.tick(sample);
    this.#heapLimit.tick(moment);
  }

  protected override close(): void {
    this.#sentinel.end();
    this.#endMark?.end();
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#heapLimit.end();
    this.ladder?.end(this.#moment());
    this.#channel?.end();
    this.#requests?.end();
    this.#isolates.end();
    this.#monitor[Symbol.dispose]();
    this.#reader?.[Symbol.dispose]();
    this.#keeper.end();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
