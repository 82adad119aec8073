/** Exit codes of the command, as a shell has them where a shell has one. */
export const exitCodes = {
  /** A word of the command line or the configuration cannot be used; nothing was started. */
  usage: 2,
  /** The program was found and cannot be run, or is not Node.js. */
  notRunnable: 126,
  /** The program was not found. */
  notFound: 127,
} as const;

/** Ends the command with one message on stderr and an exit code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.usage) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What a user is told about `error` and the exit code that goes with it; undefined when the error is a fault of ours and deserves its stack. */
export function describeFailure(error: unknown): { message: string; exitCode: number } | undefined {
  if (error instanceof CommandFailure) return { message: error.message, exitCode: error.exitCode };
  // By name: the client of the control channel is loaded by its own commands only.
  if (error instanceof Error && error.name === 'ControlFailure') {
    return { message: error.message, exitCode: (error as Error & { exitCode: number }).exitCode };
  }
  // By name: this file is also loaded where @plimsoll/memory must not be, under PLIMSOLL=off.
  if (error instanceof Error && error.name === 'PlimsollError')
    return { message: error.message, exitCode: exitCodes.usage };
  return undefined;
}

/** Runs `work`; an expected failure becomes one message on stderr and the exit code of the process. */
export async function reportFailures(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const described = describeFailure(error);
    if (described === undefined) throw error;
    process.stderr.write(`plimsoll: ${described.message}\n`);
    process.exitCode = described.exitCode;
  }
}
