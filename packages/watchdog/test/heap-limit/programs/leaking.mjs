// A service with an innocent cache and a leak, in the form that the first argument names, with the customers' data in every key and value.
import { appendFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { start } from '@plimsoll/watchdog';

const [form, incidentDir, options = '{}'] = process.argv.slice(2);
const { growToMib, ...rest } = JSON.parse(options);
const grow = () => growToMib * 2 ** 20;
start({ incidentDir, snapshot: 'off', ...rest, ...(growToMib === undefined ? {} : { grow }) });

const products = new Map();
for (let id = 0; id < 5_000; id += 1) products.set(`key-secret-${id}`, { id, name: `value-secret-${id}` });

const sessions = new Map();
let next = 0;

function remember() {
  const cart = [];
  for (let slot = 0; slot < 16; slot += 1) cart.push({ slot, note: 'value-secret' });
  sessions.set(`key-secret-${(next += 1)}@example.com`, { user: `value-secret-${next}`, cart });
}

/** Allocates and keeps nothing: the call that meets the limit in most runs. */
function renderPages() {
  let last;
  for (let count = 0; count < 2_000; count += 1) last = { count, title: `page ${products.size}` };
  return last;
}

const forms = {
  async leak() {
    for (let count = 0; count < 300; count += 1) remember();
    renderPages();
  },
  /** Some 6 s to a limit of 60 MiB: slow enough for the ticks to see it coming on a busy machine. */
  slowLeak() {
    for (let count = 0; count < 60; count += 1) remember();
  },
  /** Most of what grows is Buffers: the kernel's limit comes first. */
  buffers() {
    bodies.push(Buffer.alloc(512 * 1024, 1));
    renderPages();
  },
};
const bodies = [];

/** Fills the disk once the hook is armed: the room for the last words is put aside by then. */
let isFull = false;
forms.fullDisk = () => {
  void forms.leak();
  const [run] = readdirSync(join(incidentDir, 'run'));
  if (isFull || !existsSync(join(incidentDir, 'run', run, 'ballast'))) return;
  isFull = true;
  for (const bytes of [65_536, 4_096]) {
    try {
      for (;;) appendFileSync(join(incidentDir, 'filler'), Buffer.alloc(bytes));
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    }
  }
};
setInterval(() => void forms[form](), 10);
