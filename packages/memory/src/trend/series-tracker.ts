import type { SeriesTrend, TrendSeries } from './memory-trend.ts';
import { SeenLevels } from './seen-levels.ts';
import { SlopeWindow } from './slope-window.ts';

/** A growth that would meet the limit within this is judged on seconds of data; a slower one needs minutes. */
const URGENT_MS = 60_000;

/** And on no less than this: Buffers that come and go climb for a second between two collections. */
const URGENT_SPAN_MS = 2_000;

/** A level that was seen before and left again excuses a rise, unless the limit is this near. */
const EXCUSABLE_MS = 10 * 60_000;

/** The newer half of a window must keep this share of its slope: a warm-up does not, a leak does. */
const STEADY_RATIO = 0.5;

/** And of the mean slope since the process had started: what has slowed down since then is a cache that fills. */
const SINCE_START_RATIO = 0.9;

/** What happens before is the start of a process, and no part of that mean. */
const START_MS = 20_000;

/** So many points are enough once half of the way is behind: a pure leak is collected five times in its life, and the fifth comes too late. */
const LATE_POINT_COUNT = 4;

interface Scale {
  readonly window: SlopeWindow;
  readonly leastPointCount: number;
  readonly isUrgentOnly: boolean;
}

/** One series at three scales: seconds for what is about to happen, minutes for a leak, a day for a slow one and for the rhythm of the traffic. */
export class SeriesTracker {
  readonly #series: TrendSeries;
  readonly #scales: readonly [seconds: Scale, minutes: Scale, day: Scale] = [
    {
      window: new SlopeWindow({ slotMs: 250, patienceFactor: 2, capacityCount: 16 }),
      leastPointCount: 5,
      isUrgentOnly: true,
    },
    {
      window: new SlopeWindow({ slotMs: 10_000, patienceFactor: 5, capacityCount: 36 }),
      leastPointCount: 6,
      isUrgentOnly: false,
    },
    {
      window: new SlopeWindow({ slotMs: 15 * 60_000, patienceFactor: 5, capacityCount: 96 }),
      leastPointCount: 8,
      isUrgentOnly: false,
    },
  ];
  readonly #seen = new SeenLevels();
  #firstMs = Number.NaN;
  #startedMs = Number.NaN;
  #startedBytes = 0;

  constructor(series: TrendSeries) {
    this.#series = series;
  }

  /** Takes the value of the series now; true when a point was completed and {@link judge} may answer anew. */
  observe(atMs: number, bytes: number, hasCollection: boolean): boolean {
    const [seconds, minutes, day] = this.#scales;
    this.#noteStart(atMs, bytes);
    const isNewSecond = seconds.window.add(atMs, bytes, hasCollection);
    const isNewMinute = minutes.window.add(atMs, bytes, hasCollection);
    const isNewDay = day.window.add(atMs, bytes, hasCollection);
    if (isNewMinute) this.#seen.observe(atMs, minutes.window.lastValue);
    return isNewSecond || isNewMinute || isNewDay;
  }

  /** The trend against `roomBytes` left, where a rise below `materialBytes` does not matter. `shownBytes` is the value to report. */
  judge(shownBytes: number, roomBytes: number, materialBytes: number): SeriesTrend {
    let leading: Scale | undefined;
    let leadingMs = Number.POSITIVE_INFINITY;
    let isUncertain = false;
    const isLate = shownBytes >= roomBytes;
    for (const scale of this.#scales) {
      const { window } = scale;
      const isClear = isLate && window.pointCount >= LATE_POINT_COUNT && window.isRisingBy(materialBytes);
      if (window.pointCount < scale.leastPointCount && !isClear) continue;
      if (scale.isUrgentOnly && window.rise < materialBytes) continue;
      const { slopePerSecond, lowPerSecond, highPerSecond } = window.estimate;
      const spanSeconds = window.spanMs / 1000;
      const isMaterial = slopePerSecond * spanSeconds >= materialBytes;
      if (!isMaterial || !(lowPerSecond > 0)) {
        isUncertain ||= !scale.isUrgentOnly && isMaterial && highPerSecond * spanSeconds >= 2 * materialBytes;
        continue;
      }
      if (!isSteady(scale, window.pointCount < scale.leastPointCount)) continue;
      if (!isLate && !scale.isUrgentOnly && this.#hasSlowedDown(slopePerSecond, window)) continue;
      const timeMs = (Math.max(0, roomBytes) / slopePerSecond) * 1000;
      if (scale.isUrgentOnly && (timeMs > URGENT_MS || window.spanMs < URGENT_SPAN_MS)) continue;
      // Half of what matters for the noise of the peaks: a growth that is material since the window began is never excused by it.
      const excusedBytes = this.#seen.highestBefore(window.startMs) + materialBytes / 2;
      if (timeMs > EXCUSABLE_MS && window.lastValue <= excusedBytes) continue;
      if (timeMs > leadingMs) continue;
      leading = scale;
      leadingMs = timeMs;
    }
    const hasEnough = this.#scales.some(
      ({ isUrgentOnly, leastPointCount, window }) => !isUrgentOnly && window.pointCount >= leastPointCount,
    );
    const quiet = hasEnough && !isUncertain ? 'flat' : 'unknown';
    const { window } = leading ?? this.#longest();
    return {
      series: this.#series,
      bytes: shownBytes,
      slopeBytesPerSecond: window.estimate.slopePerSecond,
      slopeLowBytesPerSecond: window.estimate.lowPerSecond,
      slopeHighBytesPerSecond: window.estimate.highPerSecond,
      timeToLimitMs: leadingMs,
      verdict: leading === undefined ? quiet : 'growing',
      pointCount: window.pointCount,
      spanMs: window.spanMs,
      lastPointMs: window.endMs,
    };
  }

  #noteStart(atMs: number, bytes: number): void {
    if (Number.isNaN(this.#firstMs)) this.#firstMs = atMs;
    if (!Number.isNaN(this.#startedMs) || atMs - this.#firstMs < START_MS) return;
    this.#startedMs = atMs;
    this.#startedBytes = bytes;
  }

  /** True when the growth of `window` is slower than that since the start of the process. */
  #hasSlowedDown(slopePerSecond: number, { lastValue, endMs }: SlopeWindow): boolean {
    const elapsedMs = endMs - this.#startedMs;
    return (
      elapsedMs > 0 &&
      slopePerSecond < (SINCE_START_RATIO * (lastValue - this.#startedBytes) * 1000) / elapsedMs
    );
  }

  /** The scale of minutes once it has points, else that of seconds. */
  #longest(): Scale {
    const [seconds, minutes] = this.#scales;
    return minutes.window.pointCount >= minutes.leastPointCount ? minutes : seconds;
  }
}

/**
 * True when the growth goes on. The newer half must not be much slower than the whole, and on a scale of minutes be beyond doubt by itself; and the slope must
 * account for what was gained: after a step it does not. A window of few points has no halves: there it is the last rise that must not be slower.
 */
function isSteady({ window, isUrgentOnly }: Scale, hasFewPoints: boolean): boolean {
  const { slopePerSecond } = window.estimate;
  if (hasFewPoints) return window.lastSlopePerSecond >= STEADY_RATIO * slopePerSecond;
  const recent = window.recentEstimate;
  if (recent.slopePerSecond < STEADY_RATIO * slopePerSecond) return false;
  if (isUrgentOnly) return true;
  return recent.lowPerSecond > 0 && slopePerSecond * (window.spanMs / 1000) >= STEADY_RATIO * window.rise;
}
