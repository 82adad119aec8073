import { checkChoice, checkFunction } from '../option-check.ts';

/** Why a line was not taken. */
export type BadLineReason = 'too-long' | 'utf8' | 'syntax' | 'truncated' | 'proto-key' | 'too-deep';

/** One line that was not taken: where it is and why. Holds no data of the line. */
export interface BadLine {
  /** 1 for the first line of the input; empty lines count. */
  readonly lineNumber: number;
  /** Where the line starts in the input, in bytes. */
  readonly byteOffset: number;
  /** Bytes of the line without its newline; for `too-long`, those seen when it was given up. */
  readonly lineBytes: number;
  readonly reason: BadLineReason;
  /** What is wrong, in words. */
  readonly message: string;
}

/** What happens to a line that cannot be taken. */
export interface BadLineOptions {
  /**
   * `throw` ends the flow with an error that names line and byte; `skip-and-report` leaves the line out and calls `onBadLine`.
   * @default 'throw'
   */
  readonly badLines?: 'throw' | 'skip-and-report' | undefined;
  /** Told every line left out. Required by `skip-and-report`. A throw ends the flow with that error, which is how to stop after so many. */
  readonly onBadLine?: ((line: BadLine) => void) | undefined;
}

const CHOICES = ['throw', 'skip-and-report'] as const;

/** The reporter, or undefined for `throw`. @throws ERR_PLIMSOLL_OPTION. */
export function checkBadLines(options: BadLineOptions): ((line: BadLine) => void) | undefined {
  const policy = checkChoice('badLines', options.badLines ?? 'throw', CHOICES);
  if (policy === 'throw') return undefined;
  return checkFunction(
    'onBadLine',
    options.onBadLine,
    'skip-and-report tells every line it leaves out: pass onBadLine.',
  );
}
