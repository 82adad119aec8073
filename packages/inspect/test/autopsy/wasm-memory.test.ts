import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Autopsy } from '../../src/index.ts';
import { inspectUrl, runNode } from '../child/run-node.ts';

const PREFIX = `
  import { writeSync } from 'node:fs';
  import { performAutopsy, startAllocationSampling, takeCensus } from ${JSON.stringify(inspectUrl)};
  startAllocationSampling();
  const pageBytes = 65_536;
  const grow = (memory, pageCount) => {
    const before = memory.grow(pageCount);
    new Uint8Array(memory.buffer, before * pageBytes).fill(7);
  };
`;

/** The autopsy of a program that asks for one with \`off-heap\`. */
function autopsyOf(program: string): Autopsy {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-wasm-'));
  writeFileSync(join(folder, 'codec.mjs'), PREFIX + program);
  const { stdout, stderr } = runNode(['codec.mjs'], { cwd: folder });
  rmSync(folder, { recursive: true });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Autopsy;
}

test('a WebAssembly memory that has grown by 100 MiB is named with its size, on every V8, and no heap line is blamed', () => {
  const { findings, sentence } = autopsyOf(`
    const codecMemory = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
    setInterval(() => grow(codecMemory, 1), 1000).unref();
    takeCensus({ reason: 'test' });
    grow(codecMemory, 1600);
    writeSync(1, JSON.stringify(performAutopsy({ subject: 'off-heap', maxWalkMs: 5000 }))); process.exit(0);`);
  expect(findings[0]).toMatchObject({
    kind: 'container',
    name: 'codecMemory',
    file: 'codec.mjs',
    line: 11,
    containerKind: 'WebAssembly memory',
  });
  expect(findings[0]?.bytes).toBeGreaterThan(95 * 2 ** 20);
  expect(findings[0]?.confidence).toBeGreaterThan(0.8);
  expect(sentence).toMatch(
    /^WebAssembly memory `codecMemory` \(codec\.mjs:11\) holds 10\d MiB of the 1\d\d MiB outside the heap\.$/,
  );
});

test('the memory an instance exports is named by the way to it', () => {
  // (module (memory (export "memory") 1))
  const { findings } = autopsyOf(`
    const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 5, 3, 1, 0, 1, 7, 10, 1, 6, 109, 101, 109, 111, 114, 121, 2, 0];
    const codec = { instance: new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes))) };
    setInterval(() => codec.instance.exports.memory, 1000).unref();
    grow(codec.instance.exports.memory, 1600);
    writeSync(1, JSON.stringify(performAutopsy({ subject: 'off-heap', maxWalkMs: 5000 }))); process.exit(0);`);
  expect(findings[0]?.path).toBe('codec.instance.exports.memory');
});

test('a WebAssembly memory of 1 GiB that nobody has touched does not answer for 120 MiB of Buffers', () => {
  const { findings } = autopsyOf(`
    const reserved = new WebAssembly.Memory({ initial: 16_384 });
    const bodies = [];
    setInterval(() => [reserved, bodies], 1000).unref();
    for (let i = 0; i < 120; i += 1) bodies.push(Buffer.alloc(2 ** 20, 1));
    writeSync(1, JSON.stringify(performAutopsy({ subject: 'off-heap', maxWalkMs: 5000 }))); process.exit(0);`);
  expect(findings[0]).toMatchObject({ kind: 'container', name: 'bodies' });
  const reserved = findings.find(({ name }) => name === 'reserved');
  expect(reserved?.bytes ?? 0).toBeLessThan(70 * 2 ** 20);
});
