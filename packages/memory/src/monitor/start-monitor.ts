import { resolveConfig } from '../config/resolve-config.ts';
import { PlimsollError } from '../errors.ts';
import { journal } from '../journal/journal.ts';
import { type PressureLevel, publishPressure } from '../pressure/level.ts';
import { PressureDecider } from '../pressure/pressure-decider.ts';
import { completeThresholds, type PressureThresholds } from '../pressure/thresholds.ts';
import type { MemoryReader } from '../readings/memory-reader.ts';
import type { MemorySample } from '../readings/memory-sample.ts';
import { oldSpaceLimitBytes } from '../readings/old-space-limit.ts';
import { processMemoryReader } from '../readings/read-memory.ts';
import { forgetProcessWide, peekProcessWide, processWide } from '../registry.ts';
import { MajorCollections } from '../trend/major-collections.ts';
import type { MemoryTrend } from '../trend/memory-trend.ts';
import { TrendTracker } from '../trend/trend-tracker.ts';
import { LimitWatch } from './limit-watch.ts';
import {
  type MemoryMonitor,
  memoryMonitorDefaults,
  type MemoryMonitorOptions,
  type SampleListener,
} from './memory-monitor.ts';
import { PressureReclaim } from './pressure-reclaim.ts';

const SLOT = 'memory-monitor';

/**
 * Starts the one tick of the process, or returns a handle on the one that runs: then `options` have no effect, which is journalled. The clock is unref'd; the
 * monitor stops when every handle is disposed.
 * @throws ERR_PLIMSOLL_OPTION when an interval, a ratio or the thresholds cannot be used. Later nothing throws.
 */
export function startMemoryMonitor(options: MemoryMonitorOptions = {}): MemoryMonitor {
  const isFirst = peekProcessWide(SLOT) === undefined;
  const monitor = processWide(SLOT, () => new TickingMonitor(options));
  if (!isFirst && Object.keys(options).length > 0) {
    journal().write('monitor', 'second-start', { ignoredOptions: Object.keys(options).join(' ') });
  }
  return monitor.handle();
}

class TickingMonitor {
  readonly #options: Required<Omit<MemoryMonitorOptions, 'reader' | 'limit' | 'thresholds'>>;
  readonly #reader: MemoryReader;
  readonly #tracker = new TrendTracker();
  readonly #decider: PressureDecider;
  readonly #reclaim = new PressureReclaim();
  readonly #limitWatch: LimitWatch;
  readonly #collections: MajorCollections;
  readonly #listeners = new Set<SampleListener>();
  #handleCount = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = 0;
  #sample: MemorySample;
  #trend: MemoryTrend;

  constructor(options: MemoryMonitorOptions) {
    this.#options = { ...memoryMonitorDefaults, ...options };
    requireOptions(this.#options);
    this.#decider = new PressureDecider(completeThresholds(options.thresholds ?? configuredThresholds()));
    this.#reader = options.reader ?? processMemoryReader();
    this.#collections = new MajorCollections((heapUsedBytes) =>
      this.#tracker.observeCollection(performance.now(), heapUsedBytes),
    );
    this.#limitWatch = new LimitWatch(this.#reader, options.limit);
    this.#sample = this.#reader.read();
    this.#limitWatch.tick(this.#sample);
    this.#tracker.observeSample(this.#sample);
    this.#trend = this.#tracker.trend(this.#sample, oldSpaceLimitBytes(this.#sample.heapLimitBytes));
    this.#schedule();
  }

  handle(): MemoryMonitor {
    this.#handleCount += 1;
    let isOpen = true;
    const dispose = () => {
      if (!isOpen) return;
      isOpen = false;
      this.#handleCount -= 1;
      if (this.#handleCount === 0) this.#stop();
    };
    const level = () => this.#decider.level;
    const isHeapContained = () => this.#decider.isHeapContained;
    return {
      get level(): PressureLevel {
        return level();
      },
      get isHeapContained(): boolean {
        return isHeapContained();
      },
      onSample: (listener) => {
        this.#listeners.add(listener);
        return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
      },
      sampleNow: () => this.#tickNow(),
      trend: () => this.#trend,
      [Symbol.dispose]: dispose,
    };
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
    this.#collections[Symbol.dispose]();
    forgetProcessWide(SLOT);
    const { level: previousLevel } = this.#decider;
    if (previousLevel === 'normal') return;
    // Nobody would ever end the level of a monitor that has ended.
    const { headroomBytes, workingSetBytes, limitBytes } = this.#sample;
    const reason = 'nothing samples any more';
    publishPressure({
      level: 'normal',
      previousLevel,
      headroomBytes,
      workingSetBytes,
      limitBytes,
      reason,
    });
  }

  #tickNow(): MemorySample {
    const sample = this.#tick();
    // A tick out of turn may be the one that sees memory pass the mark: the next must not wait for the slow clock.
    if (this.#timer !== undefined && this.#delayMs() !== this.#timerMs) this.#schedule();
    return sample;
  }

  #tick(): MemorySample {
    const sample = this.#reader.read();
    const oldSpaceBytes = oldSpaceLimitBytes(sample.heapLimitBytes);
    this.#sample = sample;
    this.#limitWatch.tick(sample);
    this.#tracker.observeSample(sample);
    this.#trend = this.#tracker.trend(sample, oldSpaceBytes);
    const previousLevel = this.#decider.level;
    if (this.#decider.decide(sample, this.#trend, oldSpaceBytes)) this.#announce(sample, previousLevel);
    for (const listener of this.#listeners) this.#pass(listener, sample);
    if (this.#options.reclaims) {
      const { level, excessBytes } = this.#decider;
      this.#reclaim.tick(sample.monotonicMs, level, excessBytes, this.#collections.count);
    }
    return sample;
  }

  #pass(listener: SampleListener, sample: MemorySample): void {
    try {
      listener(sample, this.#trend);
    } catch (error) {
      // The pressure path never throws: a listener's fault is the listener's, and is not repeated ten times a second.
      this.#listeners.delete(listener);
      journal().write('monitor', 'listener-threw', {
        error: error instanceof Error ? error.name : 'unknown',
      });
    }
  }

  #announce(sample: MemorySample, previousLevel: PressureLevel): void {
    const { level, reason } = this.#decider;
    const { headroomBytes, workingSetBytes, limitBytes } = sample;
    journal().write('pressure', 'level-changed', {
      level,
      previousLevel,
      reason,
      workingSetBytes,
      limitBytes,
      headroomBytes,
      floorBytes: this.#trend.floorBytes,
      heapLimitBytes: sample.heapLimitBytes,
    });
    publishPressure({ level, previousLevel, headroomBytes, workingSetBytes, limitBytes, reason });
  }

  #schedule(): void {
    const delayMs = this.#delayMs();
    if (this.#timer !== undefined && delayMs === this.#timerMs) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#timerMs = delayMs;
    this.#timer = setTimeout(() => {
      this.#tick();
      if (this.#timer !== undefined) this.#schedule();
    }, delayMs);
    this.#timer.unref();
  }

  #delayMs(): number {
    const { workingSetBytes, limitBytes, heapUsedBytes, heapLimitBytes } = this.#sample;
    const { fastAboveRatio, fastTickMs, tickMs } = this.#options;
    const isFast =
      workingSetBytes > fastAboveRatio * limitBytes ||
      heapUsedBytes > fastAboveRatio * oldSpaceLimitBytes(heapLimitBytes);
    return isFast ? fastTickMs : tickMs;
  }
}

function configuredThresholds(): PressureThresholds {
  const { elevatedRatio, criticalRatio, terminalRatio, hysteresisRatio, criticalTimeMs } = resolveConfig({
    onFault: 'report',
  }).config;
  return { elevatedRatio, criticalRatio, terminalRatio, hysteresisRatio, criticalTimeMs };
}

function requireOptions(options: typeof memoryMonitorDefaults): void {
  const { tickMs, fastTickMs, fastAboveRatio } = options;
  if (
    tickMs >= 10 &&
    fastTickMs >= 10 &&
    fastTickMs <= tickMs &&
    fastAboveRatio >= 0 &&
    fastAboveRatio <= 1
  ) {
    return;
  }
  throw new PlimsollError(
    'ERR_PLIMSOLL_OPTION',
    `The monitor’s tickMs is ${tickMs}, fastTickMs ${fastTickMs}, fastAboveRatio ${fastAboveRatio}; expected 10 ≤ fastTickMs ≤ tickMs and a ratio from 0 to 1. Leave them out for ${memoryMonitorDefaults.tickMs}, ${memoryMonitorDefaults.fastTickMs} and ${memoryMonitorDefaults.fastAboveRatio}.`,
    { details: { tickMs, fastTickMs, fastAboveRatio } },
  );
}
