// A program whose pages are in nobody's memory.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/**
 * A copy of a program whose pages nobody has in memory yet: whoever runs it first is charged for them, as the first container of an image on a node is.
 * Call `remove` on the result.
 */
export function privateProgram(path) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-program-'));
  const copy = join(folder, basename(path));
  copyFileSync(path, copy);
  execFileSync('dd', [`of=${copy}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none']);
  return { path: copy, folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
