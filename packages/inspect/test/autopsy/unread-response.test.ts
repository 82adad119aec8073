import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Autopsy } from '../../src/index.ts';
import { inspectUrl, runNode } from '../child/run-node.ts';

/** Hundreds of connections take a while where there is little CPU. */
const waitMs = 100_000;

const CLIENT = `
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { performAutopsy, startAllocationSampling } from ${JSON.stringify(inspectUrl)};
startAllocationSampling();
const partner = spawn(process.execPath, ['partner.mjs'], { stdio: ['pipe', 'pipe', 'inherit'] });
const [port] = await once(partner.stdout, 'data');
const checked = [];
async function checkPartner(isRead) {
  const response = await fetch('http://127.0.0.1:' + port);
  if (isRead) await response.arrayBuffer();
  checked.push(response);
}
const timer = setInterval(() => checkPartner, 100_000);
const ask = async (count, isRead) => {
  for (let i = 0; i < count; i += 25) await Promise.all(Array.from({ length: 25 }, () => checkPartner(isRead)));
};
const tell = (offHeapBytes) => {
  const { sentence, findings } = performAutopsy({ subject: 'off-heap', offHeapBytes, maxWalkMs: 2000 });
  writeSync(1, JSON.stringify({ sentence, findings }));
  process.exit(0);
};
`;

const PARTNER = `
import { createServer } from 'node:http';
const body = Buffer.alloc(64_000, 120);
const server = createServer((request, response) => response.end(body));
// Ends with the client, however that ends.
process.stdin.on('end', () => process.exit(0)).resume();
server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
`;

function autopsyOf(program: string): Pick<Autopsy, 'findings' | 'sentence'> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-unread-'));
  writeFileSync(join(folder, 'client.mjs'), CLIENT + program);
  writeFileSync(join(folder, 'partner.mjs'), PARTNER);
  const { stdout, stderr } = runNode(['client.mjs'], { cwd: folder, timeoutMs: waitMs });
  rmSync(folder, { recursive: true });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Autopsy;
}

test(
  '400 responses of fetch that nobody reads are named by their array, where 40 MiB outside the heap are nobody’s',
  () => {
    const { findings, sentence } = autopsyOf('await ask(400, false); tell(40 * 2 ** 20);');
    expect(findings[0]).toMatchObject({
      kind: 'container',
      name: 'checked',
      file: 'client.mjs',
      count: 400,
      isUnread: true,
      confidence: 0.5,
    });
    expect(sentence).toMatch(
      /^Array `checked` \(client\.mjs:\d+\) holds 400 responses of fetch whose bodies nobody reads\. .* most likely the 40 MiB outside the heap\.$/,
    );
  },
  2 * waitMs,
);

test(
  'responses that were read are no suspects',
  () => {
    const { findings } = autopsyOf('await ask(400, true); tell(40 * 2 ** 20);');
    expect(findings[0]).toMatchObject({ kind: 'allocation-site', name: 'unknown' });
  },
  2 * waitMs,
);

test(
  '400 unread responses do not answer for 2 GiB, nor 50 for anything',
  () => {
    const much = autopsyOf('await ask(400, false); tell(2 * 2 ** 30);');
    expect(much.findings[0]).toMatchObject({ kind: 'allocation-site', name: 'unknown' });
    expect(much.sentence).toMatch(/^No container explains the 2 GiB outside the heap/);
    const few = autopsyOf('await ask(50, false); tell(5 * 2 ** 20);');
    expect(few.findings[0]).toMatchObject({ kind: 'allocation-site', name: 'unknown' });
  },
  2 * waitMs,
);

test(
  'who holds nearly all of 40 MiB of Buffers is named for 100 MiB outside the heap, and not for 2 GiB',
  () => {
    const held =
      'const bodies = []; for (let i = 0; i < 640; i += 1) bodies.push(Buffer.alloc(65_536, 1)); setInterval(() => bodies, 1e5);';
    const named = [100, 2048].map((mib) => autopsyOf(`${held} tell(${mib} * 2 ** 20);`).findings[0].name);
    expect(named).toEqual(['bodies', 'unknown']);
  },
  2 * waitMs,
);
