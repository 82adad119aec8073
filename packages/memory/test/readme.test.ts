import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createMemoryGroup, describeWithCgroup } from '../../../test/cgroup.ts';
import { mib } from '../src/index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const library = new URL('../dist/index.js', import.meta.url).href;

describeWithCgroup('the README', () => {
  test('its example prints what it says, in a group of 256 MiB', async () => {
    const [, example = '', output = ''] = /```js\n(.*?)```.*?```\n(.*?)```/s.exec(readme) ?? [];
    using group = createMemoryGroup(mib(256));
    const script = example.replace("'@plimsoll/memory'", JSON.stringify(library));
    const { stdout, stderr } = await group.run(process.execPath, ['--input-type=module', '-e', script]);
    expect(stderr).toBe('');
    // The file is that of this machine's hierarchy.
    expect(stdout.replace(/from \S+/, 'from /sys/fs/cgroup/memory.max')).toBe(output);
  });
});
