// The life of one service under a simulated clock: V8's collector as far as it shows, and the real code that watches it.
import { between } from './services.mjs';

const MIB = 2 ** 20;

/** A heap as V8 would run it: garbage is promoted until a limit that is a multiple of what was alive, then collected. */
class Heap {
  readings = 0;
  #service;
  #random;
  #garbageBytes = 0;
  #nextBytes = 0;

  constructor(service, random) {
    this.#service = service;
    this.#random = random;
    this.#plan(service.baseBytes);
  }

  liveAt(seconds) {
    const { baseBytes, live, inFlightBytes } = this.#service;
    return baseBytes + live(seconds) + inFlightBytes * this.#random();
  }

  /** One step; returns the floor when V8 collected by itself. */
  step(seconds, stepSeconds) {
    this.#garbageBytes += this.#service.garbagePerSecond * stepSeconds * between(this.#random, 0.7, 1.3);
    const live = this.liveAt(seconds);
    this.usedBytes = live + this.#garbageBytes + this.#random() * this.#service.youngBytes * 0.5;
    return live + this.#garbageBytes >= this.#nextBytes ? this.collect(seconds) : undefined;
  }

  collect(seconds) {
    const live = this.liveAt(seconds);
    this.#garbageBytes = 0;
    this.usedBytes = live + this.#random() * MIB;
    this.#plan(live);
    return live;
  }

  #plan(live) {
    const grown = live * between(this.#random, 1.3, 2) + between(this.#random, 2, 8) * MIB;
    this.#nextBytes = Math.min(grown, Math.max(live + MIB, this.#service.oldSpaceBytes));
  }
}

/**
 * Lives through a service until its end or its death. Returns when an incident opened and when snapshots were taken, each with the share of the limit in use.
 * @returns {{ incident?: { seconds: number, usedRatio: number, trigger: string }, snapshots: { seconds: number, usedRatio: number }[], tickCount: number }}
 */
export function liveThrough(service, random, deciders, vigilance = deciders.usualVigilance) {
  const {
    TrendTracker,
    PressureDecider,
    findDanger,
    GrowthSnapshots,
    FloorProbe,
    predictSnapshotCost,
    judgeSnapshot,
  } = deciders;
  const heap = new Heap(service, random);
  const tracker = new TrendTracker();
  const decider = new PressureDecider();
  const early = new GrowthSnapshots(vigilance);
  const bounds = { triggerRatio: 0.85, triggerBytes: null, vigilance };
  const { limitBytes, oldSpaceBytes, offHeapBytes, beside = () => 0 } = service;
  const found = { snapshots: [], tickCount: 0, probeCount: 0 };
  let committedBytes = 0;
  let seconds = 0;
  const collected = (floor) => tracker.observeCollection(seconds * 1000, floor);
  const probe = new FloorProbe(() => {
    found.probeCount += 1;
    collected(heap.collect(seconds));
    return 10;
  });
  while (seconds < service.seconds) {
    const share = Math.max(tracker.floorBytes === Infinity ? 0 : tracker.floorBytes / oldSpaceBytes, 0);
    const stepSeconds = Math.min(10, Math.max(share > 0.5 ? 0.1 : 1, service.seconds / 5000));
    seconds += stepSeconds;
    const floor = heap.step(seconds, stepSeconds);
    if (floor !== undefined) collected(floor);
    committedBytes = Math.max(
      heap.usedBytes * 1.03,
      committedBytes - (floor === undefined ? 0 : 0.3 * (committedBytes - heap.usedBytes)),
    );
    const besideBytes = offHeapBytes * between(random, 0.98, 1.02) + beside(seconds);
    const sample = sampleAt(seconds, service, heap.usedBytes, committedBytes, besideBytes);
    tracker.observeSample(sample);
    const trend = tracker.trend(sample, oldSpaceBytes);
    decider.decide(sample, trend, oldSpaceBytes);
    const moment = { sample, trend, level: decider.level, isHeapContained: decider.isHeapContained };
    found.tickCount += 1;
    const usedRatio = Math.max(
      (besideBytes + trend.floorBytes) / limitBytes,
      trend.floorBytes / oldSpaceBytes,
    );
    const isAffordable = () => {
      const liveBytes = Math.min(heap.usedBytes, trend.floorBytes);
      const cost = predictSnapshotCost(
        { heapUsedBytes: liveBytes, largeObjectBytes: liveBytes * service.largestRatio },
        24,
      );
      return judgeSnapshot({
        cost,
        sample,
        plannedHeapBytes: sample.heapLimitBytes,
        growthBytesPerSecond: 0,
        cpuQuotaCores: 1,
        maxPauseMs: 1000,
        trimAvailable: true,
      }).affordable;
    };
    if (found.incident === undefined) {
      const danger = findDanger(moment, bounds);
      if (danger !== undefined) found.incident = { seconds, usedRatio, trigger: danger.trigger };
    }
    if (early.dueFor(moment) !== undefined && isAffordable()) {
      early.note(moment);
      found.snapshots.push({ seconds, usedRatio, floorBytes: trend.floorBytes });
    } else probe.tick(moment, isAffordable);
    if (usedRatio >= 0.97) break;
  }
  return found;
}

function sampleAt(seconds, { limitBytes, heapLimitBytes }, heapUsedBytes, heapCommittedBytes, besideBytes) {
  const workingSetBytes = heapCommittedBytes + besideBytes;
  return {
    atMs: seconds * 1000,
    monotonicMs: seconds * 1000,
    limitBytes,
    workingSetBytes,
    headroomBytes: limitBytes - workingSetBytes,
    rssBytes: workingSetBytes,
    anonymousBytes: workingSetBytes,
    heapUsedBytes,
    heapCommittedBytes,
    heapLimitBytes,
    externalBytes: 4 * MIB,
    arrayBuffersBytes: MIB,
    workerHeapBytes: 0,
    otherNativeBytes: besideBytes,
    otherProcessesBytes: 0,
    kernel: { limitHitCount: 0, highHitCount: 0, oomKillCount: 0, stalledRatio: Number.NaN },
  };
}
