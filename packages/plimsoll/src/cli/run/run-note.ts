import type { PlimsollConfig } from '@plimsoll/memory';

/** One thing a user should know about how his service was started. */
export interface RunNote {
  readonly event: 'heap-flag-kept' | 'heap-default-kept' | 'guard-off' | 'two-processes';
  readonly message: string;
}

/** Writes `note` to stderr as one line in the form the guard's own lines have. */
export function writeRunNote(note: RunNote, form: PlimsollConfig['log']): void {
  if (form === 'off') return;
  const { event, message } = note;
  const line =
    form === 'text'
      ? `plimsoll: ${event}: ${message}`
      : JSON.stringify({ plimsoll: event, time: new Date().toISOString(), pid: process.pid, message });
  process.stderr.write(`${line}\n`);
}
