import { onPressure, type PressureLevel, pressureLevel } from '@plimsoll/memory/holders';

/** Share of its bound a cache may use from a level on. */
const levelRatios: Readonly<Record<PressureLevel, number>> = {
  normal: 1,
  elevated: 1,
  critical: 0.5,
  terminal: 0.1,
};
const holdMs = 5_000;
const stepMs = 1_000;
const stepRatio = 0.1;
const smallestRatio = 0.01;

let level: PressureLevel = 'normal';
let isListening = false;

/** The level now, kept by one listener for all caches of this module. */
function currentLevel(): PressureLevel {
  if (!isListening) {
    isListening = true;
    level = pressureLevel();
    onPressure((event) => {
      level = event.level;
    });
  }
  return level;
}

/**
 * What pressure leaves of a cache's bound. Going down is immediate: to half at `critical`, to a tenth at `terminal`, to what is held at `elevated` and after a
 * reclaim. Going up waits 5 s and then takes a tenth of the bound a second, so that a service at the edge does not fill what was just given back.
 */
export class CapacityGovernor {
  #ratio = 1;
  #level: PressureLevel;
  #loweredAtMs = 0;

  constructor() {
    this.#level = currentLevel();
  }

  /** Share of the bound in use now, 0..1. */
  get ratio(): number {
    return this.#ratio;
  }

  /** True while nothing is scarce and nothing has to be made up for: the one check of the normal path. */
  get isAtRest(): boolean {
    return level === 'normal' && this.#ratio === 1;
  }

  /** True while only keys that were asked for before are let in. */
  get isStrict(): boolean {
    return level !== 'normal';
  }

  /** Brings the share up to date. `usedRatio` is the share of the bound in use. */
  update(usedRatio: number, nowMs: number): void {
    if (level !== this.#level) {
      this.#level = level;
      if (level !== 'normal') this.#lower(Math.min(levelRatios[level], usedRatio), nowMs);
      else this.#loweredAtMs = nowMs;
    }
    const ceiling = level === 'elevated' ? this.#ratio : levelRatios[level];
    if (this.#ratio >= ceiling) return;
    const risenMs = nowMs - this.#loweredAtMs - holdMs;
    if (risenMs < stepMs) return;
    this.#ratio = Math.min(ceiling, this.#ratio + stepRatio * Math.floor(risenMs / stepMs));
    this.#loweredAtMs = nowMs - holdMs;
  }

  /** After a reclaim: what is left is the bound for now. */
  shrinkTo(usedRatio: number, nowMs: number): void {
    this.#lower(usedRatio, nowMs);
  }

  #lower(ratio: number, nowMs: number): void {
    const lowered = Math.max(smallestRatio, Math.min(1, ratio));
    if (lowered >= this.#ratio) return;
    this.#ratio = lowered;
    this.#loweredAtMs = nowMs;
  }
}
