import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A record of about `size` bytes of JSON: an API answer of several fields, or one with a long text. */
export function record(id, size) {
  if (size === 250) {
    return {
      id,
      name: `user ${id}`,
      email: `user${id}@example.com`,
      active: id % 2 === 0,
      score: id * 1.5,
      tags: ['alpha', 'beta', 'gamma'],
      address: { street: '1 Main Street', city: 'Sometown', zip: '12345' },
      note: 'the quick brown fox jumps over the lazy dog, twice and again',
    };
  }
  return { id, title: `title ${id}`, body: 'lorem ipsum dolor sit amet '.repeat(70), counts: [1, 2, 3] };
}

/** A file of `megabytes` of such records, made once and kept in the temporary folder; answers its path. */
export function input(form, size, megabytes) {
  const folder = join(tmpdir(), 'plimsoll-bench-streams');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${form}-${size}-${megabytes}`);
  if (existsSync(path)) return { path, bytes: statSync(path).size };
  const file = openSync(`${path}.partial`, 'w');
  let bytes = 0;
  let text = form === 'array' ? '[' : '';
  for (let id = 0; bytes + text.length < megabytes * 1e6; id += 1) {
    const between = id === 0 || form === 'ndjson' ? '' : ',';
    text += `${between}${JSON.stringify(record(id, size))}${form === 'ndjson' ? '\n' : ''}`;
    if (text.length < 1e6) continue;
    bytes += writeSync(file, text);
    text = '';
  }
  bytes += writeSync(file, `${text}${form === 'array' ? ']' : ''}`);
  closeSync(file);
  renameSync(`${path}.partial`, path);
  return { path, bytes };
}
