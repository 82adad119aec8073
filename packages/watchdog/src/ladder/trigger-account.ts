import { formatBytes, type SeriesTrend } from '@plimsoll/memory';
import type { EpisodeMoment } from '../incident/incident-episode.ts';
import type { TriggerName } from '../incident/incident-name.ts';
import { livelockTerms } from '../livelock/livelock-watch.ts';
import { type DangerBounds, findDanger, unreclaimableBytes } from './danger.ts';
import { usualVigilance, type Vigilance } from './vigilance.ts';

/** One trigger as it stands: whether it would open an incident at this moment, and by which numbers. */
export interface TriggerAccount {
  readonly trigger: TriggerName;
  readonly fires: boolean;
  /** What was seen and what it takes. */
  readonly sentence: string;
}

/** Every trigger of the ladder with what it sees and what it waits for. At most one of them fires: the most telling. */
export function accountTriggers(moment: EpisodeMoment, bounds: DangerBounds): TriggerAccount[] {
  const { sample, trend, level } = moment;
  const { vigilance = usualVigilance } = bounds;
  const fired = findDanger(moment, bounds)?.trigger;
  const usedBytes = unreclaimableBytes(moment);
  const used = `${formatBytes(usedBytes)} that cannot be had back are ${percent(usedBytes / sample.limitBytes)} of ${formatBytes(sample.limitBytes)}`;
  const account = (trigger: TriggerName, sentence: string): TriggerAccount => ({
    trigger,
    fires: trigger === fired,
    sentence,
  });
  const deep = (deepLevel: 'critical' | 'terminal'): TriggerAccount =>
    account(
      deepLevel,
      `The level is ${level}; it takes ${deepLevel}, with ${percent(vigilance.materialRatio)} of the limit or of the heap in use.`,
    );
  return [
    account('growth', `The heap after garbage collection: ${seriesSentence(trend.heapFloor, vigilance)}.`),
    account('off-heap', `Memory outside the heap: ${seriesSentence(trend.offHeap, vigilance)}.`),
    account('ratio', `${used}; it takes ${percent(bounds.triggerRatio)}.`),
    ...(bounds.triggerBytes === null
      ? []
      : [account('bytes', `${used}; it takes ${formatBytes(bounds.triggerBytes)}.`)]),
    account('livelock', livelockTerms(sample)),
    deep('critical'),
    deep('terminal'),
  ];
}

/** `flat, 120 KiB a second over 95 s and 14 points; it takes growth by verdict that reaches the limit in 600 s, seen for 30 s` */
function seriesSentence(series: SeriesTrend, { horizonMs, settledMs, materialRatio }: Vigilance): string {
  const { verdict, slopeBytesPerSecond, timeToLimitMs, spanMs, pointCount } = series;
  const time = Number.isFinite(timeToLimitMs) ? `, at its limit in ${seconds(timeToLimitMs)}` : '';
  if (pointCount < 2) {
    return `${pointCount === 1 ? '1 point' : `${pointCount} points`} seen so far; it takes growth by verdict that reaches the limit in ${seconds(horizonMs)}`;
  }
  return (
    `${verdict}, ${formatBytes(slopeBytesPerSecond)} a second over ${seconds(spanMs)} and ${pointCount} points${time}; ` +
    `it takes growth by verdict that reaches the limit in ${seconds(horizonMs)}, seen for ${seconds(settledMs)}, or with ${percent(materialRatio)} of the limit in use`
  );
}

function seconds(durationMs: number): string {
  return `${Math.round(durationMs / 1000)} s`;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
