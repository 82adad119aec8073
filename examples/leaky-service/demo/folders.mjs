// Where the demo's incidents go: a folder that the next demo removes, so that what is printed can be opened afterwards.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** The incident and run folder of one demo. With `keep` those of earlier demos stay. */
export function makeDemoFolders(keep) {
  const base = join(tmpdir(), `plimsoll-demo-${userInfo().username}`);
  mkdirSync(base, { recursive: true, mode: 0o700 });
  if (!keep) removeEnded(base);
  const own = mkdtempSync(join(base, `demo-${process.pid}-`));
  return { incidentDir: join(own, 'incidents'), runDir: join(own, 'run') };
}

/** Removes what earlier demos left; one that is still running keeps its own. */
function removeEnded(base) {
  for (const name of readdirSync(base)) {
    const pid = /^demo-(\d+)-/.exec(name)?.[1];
    const isRunning = pid !== undefined && existsSync(`/proc/${pid}`);
    if (!isRunning) rmSync(join(base, name), { recursive: true, force: true });
  }
}
