// Where the demo's incidents go: a folder that the next demo empties, so that what is printed can be opened afterwards.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** The incident and run folder of one demo. With `keep` those of earlier demos stay. */
export function makeDemoFolders(keep) {
  const base = join(tmpdir(), `plimsoll-demo-${userInfo().username}`);
  if (!keep) rmSync(base, { recursive: true, force: true });
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const own = mkdtempSync(join(base, 'demo-'));
  return { incidentDir: join(own, 'incidents'), runDir: join(own, 'run') };
}
