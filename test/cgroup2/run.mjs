// Does all of this work on cgroup v2? Boots a small Linux guest with the v2 memory controller under qemu, without virtualisation, and runs test/cgroup2/guest/cases.mjs in it.
// pnpm test:cgroup2 [--node /path/to/node] [--timeout 420] [--verbose]
// Takes one to three minutes. Where the guest cannot be made it says SKIPPED with the reason and ends with 0, so that it can be part of CI anywhere.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { makeImage } from './image.mjs';

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: process.execPath },
    timeout: { type: 'string', default: '420' },
    verbose: { type: 'boolean', default: false },
  },
});
const beganMs = performance.now();
const seconds = () => `${Math.round((performance.now() - beganMs) / 1000)} s`;
const image = await makeImage(values.node);
if (image.refusal !== undefined) {
  process.stdout.write(`SKIPPED, 0 cases on cgroup v2: ${image.refusal}\n`);
} else {
  process.stdout.write(`guest made after ${seconds()}\n`);
  const { output, timedOut } = await boot(image);
  report(output, timedOut);
}

function boot({ kernel, initrd }) {
  const machine = ['-machine', 'q35,accel=tcg', '-cpu', 'max', '-smp', '2', '-m', '2G', '-net', 'none'];
  const boundary = ['-nographic', '-no-reboot', '-kernel', kernel, '-initrd', initrd];
  const words = 'console=ttyS0 quiet panic=-1 psi=1 cgroup_no_v1=all no_timer_check tsc=reliable';
  const child = spawn('qemu-system-x86_64', [...machine, ...boundary, '-append', words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = true;
      child.kill('SIGKILL');
    },
    Number(values.timeout) * 1000,
  );
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    if (values.verbose) process.stdout.write(text);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve({ output, timedOut });
    });
  });
}

/** The guest prints one line a case and how many there were to be: a guest that dies in the middle has not passed. */
function report(output, timedOut) {
  const lines = output.split(/\r?\n/);
  const cases = lines.filter((line) => line.startsWith('CASE ')).map((line) => JSON.parse(line.slice(5)));
  const expected = Number(/CASES (\d+)/.exec(output)?.[1] ?? Number.NaN);
  for (const { title, fault, tookMs } of cases) {
    process.stdout.write(
      `${fault === undefined ? 'ok    ' : 'FAILED'} ${title} (${Math.round(tookMs / 1000)} s)\n`,
    );
    if (fault !== undefined) process.stdout.write(`       ${fault.replaceAll('\n', '\n       ')}\n`);
  }
  const passed = cases.filter(({ fault }) => fault === undefined).length;
  const isWhole = cases.length === expected;
  const ending = timedOut
    ? `, not finished in ${values.timeout} s`
    : isWhole
      ? ''
      : ', the guest ended early';
  const kernel = /KERNEL (.*?)\r?$/m.exec(output)?.[1] ?? 'unknown kernel';
  process.stdout.write(
    `${passed} of ${Number.isNaN(expected) ? '?' : expected} cases on cgroup v2 (${kernel})${ending}; ${seconds()}\n`,
  );
  if (passed === expected) return;
  process.exitCode = 1;
  if (!values.verbose) process.stdout.write(`${lines.slice(-40).join('\n')}\n`);
}
