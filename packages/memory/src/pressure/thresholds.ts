import { variables } from '../config/table.ts';
import { PlimsollError } from '../errors.ts';

/** Where the levels of pressure begin. */
export interface PressureThresholds {
  /**
   * Share of the limit, and of V8's own limit, from which pressure is elevated.
   * @default 0.75 (`PLIMSOLL_ELEVATED`)
   */
  readonly elevatedRatio?: number;
  /**
   * Share from which it is critical.
   * @default 0.9 (`PLIMSOLL_CRITICAL`)
   */
  readonly criticalRatio?: number;
  /**
   * Share from which death is imminent.
   * @default 0.97 (`PLIMSOLL_TERMINAL`)
   */
  readonly terminalRatio?: number;
  /**
   * How far below its share memory must fall, for 5 s, before a level ends.
   * @default 0.05 (`PLIMSOLL_HYSTERESIS`)
   */
  readonly hysteresisRatio?: number;
  /**
   * Predicted milliseconds to the limit from which pressure is critical; elevated from ten times, terminal from a twentieth of it.
   * @default 60_000 (`PLIMSOLL_CRITICAL_TIME`)
   */
  readonly criticalTimeMs?: number;
}

/** The thresholds when nothing is set: the defaults of the configuration table. */
export const pressureThresholdDefaults: Readonly<Required<PressureThresholds>> = Object.freeze({
  elevatedRatio: variables.PLIMSOLL_ELEVATED.default,
  criticalRatio: variables.PLIMSOLL_CRITICAL.default,
  terminalRatio: variables.PLIMSOLL_TERMINAL.default,
  hysteresisRatio: variables.PLIMSOLL_HYSTERESIS.default,
  criticalTimeMs: variables.PLIMSOLL_CRITICAL_TIME.default,
});

/**
 * `thresholds` with the defaults filled in.
 * @throws ERR_PLIMSOLL_OPTION when they are not in ascending order within 0..1.
 */
export function completeThresholds(thresholds: PressureThresholds): Required<PressureThresholds> {
  const complete = { ...pressureThresholdDefaults, ...thresholds };
  const { elevatedRatio, criticalRatio, terminalRatio, hysteresisRatio, criticalTimeMs } = complete;
  const isAscending =
    elevatedRatio > 0 && elevatedRatio < criticalRatio && criticalRatio < terminalRatio && terminalRatio <= 1;
  if (!isAscending || !(hysteresisRatio >= 0 && hysteresisRatio < elevatedRatio) || !(criticalTimeMs > 0)) {
    throw new PlimsollError(
      'ERR_PLIMSOLL_OPTION',
      `The pressure thresholds are elevatedRatio ${elevatedRatio}, criticalRatio ${criticalRatio}, terminalRatio ${terminalRatio}, hysteresisRatio ${hysteresisRatio}, criticalTimeMs ${criticalTimeMs}; expected 0 < elevated < critical < terminal ≤ 1, 0 ≤ hysteresis < elevated and a time above 0. Leave out what you do not need to change.`,
      { details: { ...complete } },
    );
  }
  return complete;
}
