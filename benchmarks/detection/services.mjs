// Services that exist as formulas of time: what a collection cannot take, and what lies beside the heap. Every one is made from a seed.
import { planHeap } from '@plimsoll/heap';

const MINUTE_S = 60;
const HOUR_S = 3600;
const MIB = 2 ** 20;

/** What all services have: a container, the heap planned for it, traffic that makes garbage. */
function frame(random, name) {
  const limitBytes = [256, 512, 1024, 2048][Math.floor(random() * 4)] * MIB;
  const { oldSpaceBytes, semiSpaceBytes, heapLimitBytes } = planHeap({ limitBytes, nodeMajor: 24 });
  return {
    name,
    limitBytes,
    oldSpaceBytes,
    heapLimitBytes,
    baseBytes: between(random, 8, 20) * MIB,
    offHeapBytes: between(random, 38, 46) * MIB,
    garbagePerSecond: logBetween(random, 0.02, 8) * MIB,
    youngBytes: semiSpaceBytes,
    /** Of the live heap, what its largest array or hash table takes: what a snapshot costs depends on it. */
    largestRatio: logBetween(random, 0.01, 0.1),
    /** Requests a service is in the middle of, and what they hold. */
    inFlightBytes: logBetween(random, 0.05, 3) * MIB,
  };
}

export const between = (random, low, high) => low + (high - low) * random();
export const logBetween = (random, low, high) => low * (high / low) ** random();

/** Nothing leaks here: `live(seconds)` are the bytes beside `baseBytes` that are needed. */
export const healthy = {
  /** Code and tables that are loaded as they are first needed. */
  'warm-up': (random) => {
    const service = frame(random, 'warm-up');
    const fullBytes = between(random, 0.05, 0.4) * service.oldSpaceBytes;
    const seconds = logBetween(random, 5, 10 * MINUTE_S);
    return { ...service, seconds: HOUR_S, live: (at) => fullBytes * (1 - Math.exp(-at / seconds)) };
  },
  /** A store that is filled and flushed, again and again. */
  sawtooth: (random) => {
    const service = frame(random, 'sawtooth');
    const heightBytes = between(random, 0.02, 0.35) * service.oldSpaceBytes;
    const seconds = logBetween(random, 5, 20 * MINUTE_S);
    const offset = random() * seconds;
    return {
      ...service,
      seconds: 1.5 * HOUR_S,
      live: (at) => (heightBytes * ((at + offset) % seconds)) / seconds,
    };
  },
  /** The day of its users. */
  diurnal: (random) => {
    const service = frame(random, 'diurnal');
    const heightBytes = between(random, 0.05, 0.3) * service.oldSpaceBytes;
    const startSeconds = random() * 24 * HOUR_S;
    const live = (at) =>
      (heightBytes / 2) * (1 - Math.cos((2 * Math.PI * (at + startSeconds)) / (24 * HOUR_S)));
    return { ...service, seconds: 30 * HOUR_S, live };
  },
  /** A bounded cache of pages that are asked for by popularity (Zipf): it fills ever more slowly, then stays full. */
  'cache-fill': (random) => {
    const service = frame(random, 'cache-fill');
    const fullBytes = between(random, 0.05, 0.3) * service.oldSpaceBytes;
    const seconds = logBetween(random, 2 * MINUTE_S, 6 * HOUR_S);
    // Distinct pages after n requests grow like n to this power, for popularities between 1/rank^0.9 and 1/rank^1.3.
    const power = between(random, 0.5, 0.8);
    const live = (at) => fullBytes * Math.min(1, (at / seconds) ** power);
    return { ...service, seconds: 1.5 * seconds + HOUR_S / 2, live };
  },
};

/** A leak at a steady rate that fills what is left in between half a minute and two days, under one of the healthy rhythms. */
export function leakingService(random) {
  const service = frame(random, 'leak');
  const isOffHeap = random() < 0.25;
  const roomBytes = isOffHeap
    ? service.limitBytes - service.offHeapBytes - service.baseBytes
    : service.oldSpaceBytes - service.baseBytes;
  const seconds = logBetween(random, 30, 48 * HOUR_S);
  const bytesPerSecond = roomBytes / seconds;
  const rhythmBytes = between(random, 0, 0.3) * service.baseBytes;
  const rhythmSeconds = logBetween(random, 20, 30 * MINUTE_S);
  const rhythm = (at) => (rhythmBytes / 2) * (1 + Math.sin((2 * Math.PI * at) / rhythmSeconds));
  return {
    ...service,
    bytesPerSecond,
    fillSeconds: seconds,
    isOffHeap,
    seconds,
    live: isOffHeap ? rhythm : (at) => bytesPerSecond * at + rhythm(at),
    beside: isOffHeap ? (at) => bytesPerSecond * at : () => 0,
  };
}
