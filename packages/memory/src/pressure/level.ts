import { channel } from 'node:diagnostics_channel';
import { processWide } from '../registry.ts';

/** How deep the process lies in the water, in order. */
export const pressureLevels = ['normal', 'elevated', 'critical', 'terminal'] as const;

/** One of {@link pressureLevels}. */
export type PressureLevel = (typeof pressureLevels)[number];

/** What {@link onPressure} and the diagnostics channel `plimsoll:pressure` carry when the level changes. */
export interface PressureEvent {
  readonly level: PressureLevel;
  readonly previousLevel: PressureLevel;
  /** Bytes between the working set and the limit of the tightest cgroup. */
  readonly headroomBytes: number;
  readonly workingSetBytes: number;
  readonly limitBytes: number;
  /** What moved the level, in words: `working set 91 % of the limit`. */
  readonly reason: string;
}

/** Called at a change of level. Must not throw: a throw is dropped. */
export type PressureListener = (event: PressureEvent) => void;

interface PressureState {
  level: PressureLevel;
  readonly listeners: Set<PressureListener>;
}

/** The diagnostics channel every change of level is published on, beside the listeners. */
export const pressureChannelName = 'plimsoll:pressure';

const pressureChannel = channel(pressureChannelName);

function state(): PressureState {
  return processWide('pressure', (): PressureState => ({ level: 'normal', listeners: new Set() }));
}

/** The level now; `normal` while nothing samples. */
export function pressureLevel(): PressureLevel {
  return state().level;
}

/** Calls `listener` at every change of level until the result is disposed. */
export function onPressure(listener: PressureListener): Disposable {
  const { listeners } = state();
  listeners.add(listener);
  return { [Symbol.dispose]: () => void listeners.delete(listener) };
}

/** Sets the level of the process and tells everybody. For the one monitor that decides levels, and for tests of what listens. Never throws. */
export function publishPressure(event: PressureEvent): void {
  const current = state();
  current.level = event.level;
  for (const listener of current.listeners) {
    try {
      listener(event);
    } catch {
      // The pressure path never throws: a listener's fault is the listener's.
    }
  }
  if (pressureChannel.hasSubscribers) pressureChannel.publish(event);
}
