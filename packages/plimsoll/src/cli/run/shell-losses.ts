import { readFileSync } from 'node:fs';

/** How the environment a shell passes on differs from the one it was given. */
export interface ShellLosses {
  /** Variables the shell has dropped because their names are none of a shell's (`my.setting`, `x-y`), as Kubernetes allows them. In latin1. */
  readonly dropped: readonly (readonly [name: string, value: string])[];
  /** Variables the shell has made up. */
  readonly added: readonly string[];
}

const NOTHING: ShellLosses = { dropped: [], added: [] };

/** Names the shell may have set by itself. */
const MADE_UP: readonly string[] = ['PWD', 'OLDPWD', 'SHLVL', '_'];

/**
 * What dash, ash and others do to the environment between their own start and their children's, by the kernel's record of the shell's start. Where that cannot
 * be read nothing is repaired.
 */
export function readShellLosses(shellPid: number, passedOn: NodeJS.ProcessEnv): ShellLosses {
  let record: string;
  try {
    record = readFileSync(`/proc/${shellPid}/environ`, 'latin1');
  } catch {
    // Not Linux, or not allowed: the shell's own behaviour stays.
    return NOTHING;
  }
  const original = new Map<string, string>();
  for (const entry of record.split('\0')) {
    const end = entry.indexOf('=');
    if (end > 0) original.set(entry.slice(0, end), entry.slice(end + 1));
  }
  if (original.size === 0) return NOTHING;
  const dropped = [...original].filter(([name]) => !/^[A-Za-z_]\w*$/.test(name));
  const added = MADE_UP.filter((name) => name in passedOn && !original.has(name));
  return { dropped, added };
}
