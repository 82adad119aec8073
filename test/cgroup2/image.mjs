// A Linux guest small enough to be memory: a Debian kernel, busybox, one Node.js, the packages as they are published, and what is to be run.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bundleAll } from '../../scripts/bundle.mjs';

const root = join(import.meta.dirname, '..', '..');
const cache = join(root, 'node_modules', '.cache', 'cgroup2');
const guest = join(import.meta.dirname, 'guest');

const run = (command, args, options = {}) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
const has = (program) => {
  try {
    run('sh', ['-c', `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
};

/** Makes the guest bootable, or says why it cannot be: `{ kernel, initrd }` or `{ refusal }`. */
export async function makeImage(nodePath) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      refusal: `the guest is made of Debian packages for x64, and this is ${process.platform} ${process.arch}`,
    };
  }
  try {
    installTools();
    const kernel = fetchSystem();
    const base = packBase(nodePath);
    const work = await packWork();
    const initrd = join(cache, 'initrd.cpio');
    // The kernel unpacks archives one after the other.
    run('sh', ['-c', 'cat "$1" "$2" > "$0"', initrd, base, work]);
    return { kernel, initrd };
  } catch (error) {
    return {
      refusal: String(error.stderr || error.message)
        .trim()
        .split('\n')
        .at(-1),
    };
  }
}

function installTools() {
  const missing = ['qemu-system-x86_64', 'cpio', 'dpkg-deb'].filter((program) => !has(program));
  if (missing.length === 0) return;
  if (!has('apt-get') || process.getuid() !== 0) {
    throw new Error(`${missing.join(', ')} missing, and only root with apt-get could install them`);
  }
  const packages = ['qemu-system-x86', 'cpio', 'dpkg'];
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** Kernel and busybox, downloaded once and unpacked without being installed. Returns the kernel's path. */
function fetchSystem() {
  const system = join(cache, 'system');
  const boot = join(system, 'boot');
  if (!existsSync(join(system, 'ready'))) {
    rmSync(system, { recursive: true, force: true });
    mkdirSync(system, { recursive: true });
    const depends = run('apt-cache', ['depends', 'linux-image-cloud-amd64']);
    const kernelPackage = /Depends: (\S+)/.exec(depends)?.[1];
    if (kernelPackage === undefined)
      throw new Error('apt knows no linux-image-cloud-amd64; run apt-get update');
    run('apt-get', ['download', '-qq', kernelPackage, 'busybox-static'], { cwd: system });
    for (const file of readdirSync(system).filter((name) => name.endsWith('.deb'))) {
      run('dpkg-deb', ['-x', join(system, file), system]);
    }
    writeFileSync(join(system, 'ready'), '');
  }
  const kernel = readdirSync(boot).find((name) => name.startsWith('vmlinuz'));
  return join(boot, kernel);
}

/** Busybox, Node.js and the libraries it is linked with, as an archive made once for each Node.js. */
function packBase(nodePath) {
  const version = run(nodePath, ['--version']).trim();
  const archive = join(cache, `base-${version}.cpio`);
  if (existsSync(archive)) return archive;
  const tree = join(cache, 'base');
  rmSync(tree, { recursive: true, force: true });
  for (const folder of ['bin', 'proc', 'sys', 'dev', 'tmp'])
    mkdirSync(join(tree, folder), { recursive: true });
  copyFileSync(join(cache, 'system', 'bin', 'busybox'), join(tree, 'bin', 'busybox'));
  copyFileSync(nodePath, join(tree, 'bin', 'node'));
  for (const [, library] of run('ldd', [nodePath]).matchAll(/(\/\S+) \(0x/g)) {
    mkdirSync(join(tree, dirname(library)), { recursive: true });
    copyFileSync(library, join(tree, library));
  }
  chmodSync(join(tree, 'bin', 'node'), 0o755);
  pack(tree, archive);
  rmSync(tree, { recursive: true });
  return archive;
}

/** What is to be run, and the packages, as an archive made anew each time. */
async function packWork() {
  const tree = join(cache, 'work-tree');
  rmSync(tree, { recursive: true, force: true });
  const work = join(tree, 'work');
  mkdirSync(work, { recursive: true });
  const published = join(cache, 'published');
  await bundleAll(published);
  cpSync(join(published, 'node_modules'), join(work, 'node_modules'), { recursive: true, dereference: true });
  for (const name of readdirSync(guest)) cpSync(join(guest, name), join(work, basename(name)));
  copyFileSync(join(guest, 'init'), join(tree, 'init'));
  chmodSync(join(tree, 'init'), 0o755);
  const archive = join(cache, 'work.cpio');
  pack(tree, archive);
  return archive;
}

function pack(tree, archive) {
  run('sh', ['-c', 'find . | cpio -o -H newc > "$0"', archive], { cwd: tree });
}
