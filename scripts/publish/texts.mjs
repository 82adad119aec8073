// What of a published package is not JavaScript: README, licence, the shell command, types.
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Copies README, LICENSE and bin. */
export function copyTexts(source, root, target) {
  copyFileSync(join(source, 'README.md'), join(target, 'README.md'));
  copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
  if (existsSync(join(source, 'bin'))) cpSync(join(source, 'bin'), join(target, 'bin'), { recursive: true });
}

/** Copies the declarations that the exports of `manifest` reach. Their maps stay behind: they point at sources that are not published. */
export function copyTypes(source, manifest, target) {
  const pending = Object.values(manifest.exports).map(({ types }) => join(types));
  const seen = new Set(pending);
  for (const file of pending) {
    const text = readFileSync(join(source, file), 'utf8').replace(/\n\/\/# sourceMappingURL=.*/, '');
    mkdirSync(dirname(join(target, file)), { recursive: true });
    writeFileSync(join(target, file), text);
    const code = text.replaceAll(/\/\*.*?\*\//gs, '');
    for (const [, specifier] of code.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g)) {
      const next = join(dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts'));
      if (seen.has(next)) continue;
      seen.add(next);
      pending.push(next);
    }
  }
}
