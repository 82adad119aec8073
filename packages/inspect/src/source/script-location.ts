import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whose code a script is: the service's own, a package in node_modules, or Node itself. */
export type ScriptKind = 'application' | 'dependency' | 'node';

/** A script, named so that it can be printed anywhere. */
export interface ScriptLocation {
  /** Path relative to the working directory where it lies inside it, else absolute; `node:…` for Node; `<data:>` and the like for what has no path. Never a query or credentials. */
  readonly file: string;
  readonly kind: ScriptKind;
  /** True for Plimsoll's own code. */
  readonly isGuard: boolean;
}

/** Schemes whose rest is a path of source code that build tools wrote. */
const BUILD_SCHEMES = new Set(['webpack:', 'webpack-internal:', 'vite:', 'turbopack:', 'rollup:']);

/** Where Plimsoll's packages lie when they are installed: `node_modules/@plimsoll/…` and `node_modules/plimsoll/…`. */
const INSTALLED_GUARD =
  /[\\/]node_modules[\\/](?:@plimsoll[\\/](?:memory|heap|inspect|watchdog)|plimsoll)[\\/]/;

/** The folder of the sibling packages when they run from a source tree, `…/packages/`; undefined when installed or bundled. */
const workspaceRoot: string | undefined = findWorkspaceRoot(import.meta.url);

const GUARD_PARTS = ['memory', 'heap', 'inspect', 'watchdog', 'plimsoll'] as const;

function findWorkspaceRoot(moduleUrl: string | undefined): string | undefined {
  if (moduleUrl === undefined || !moduleUrl.startsWith('file:')) return undefined;
  const path = fileURLToPath(moduleUrl);
  if (INSTALLED_GUARD.test(path)) return undefined;
  const match = /^(.*[\\/])inspect[\\/](?:src|dist)[\\/]source[\\/]script-location\.[jt]s$/.exec(path);
  return match?.[1];
}

function isGuardPath(path: string): boolean {
  if (INSTALLED_GUARD.test(path)) return true;
  if (workspaceRoot === undefined || !path.startsWith(workspaceRoot)) return false;
  const [name, folder] = path.slice(workspaceRoot.length).split(/[\\/]/);
  return (
    (folder === 'src' || folder === 'dist') && GUARD_PARTS.includes(name as (typeof GUARD_PARTS)[number])
  );
}

/** The path of a `file:` URL or of a plain path, without query and fragment; undefined when `url` is neither. */
export function scriptPath(url: string): string | undefined {
  if (url.startsWith('file:')) {
    try {
      return fileURLToPath(url.replace(/[?#].*$/s, ''));
    } catch {
      // `file://host/…` on this platform: not a path that can be opened here.
      return undefined;
    }
  }
  return isAbsolute(url) ? url.replace(/[?#].*$/s, '') : undefined;
}

function printable(path: string): string {
  const inside = relative(process.cwd(), path);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? path : inside.split(sep).join('/');
}

/** Names the script behind V8's `url` so that it can be shown: `src/store.js`, `/opt/lib/x.js`, `node:buffer`, `<data:>`. */
export function locateScript(url: string): ScriptLocation {
  if (url.startsWith('node:')) return { file: url, kind: 'node', isGuard: false };
  if (url === '') return { file: '<native>', kind: 'node', isGuard: false };
  const path = scriptPath(url);
  if (path === undefined) return { file: withoutPath(url), kind: 'application', isGuard: false };
  const isGuard = isGuardPath(path);
  const kind = isGuard || /[\\/]node_modules[\\/]/.test(path) ? 'dependency' : 'application';
  return { file: printable(path), kind, isGuard };
}

/** What may be shown of a script that is no file: source code only, nothing that came with a request. */
function withoutPath(url: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0].toLowerCase();
  if (scheme === undefined) return url === 'evalmachine.<anonymous>' ? url : '<evaluated>';
  if (BUILD_SCHEMES.has(scheme)) return url.replace(/[?#].*$/s, '');
  return `<${scheme}>`;
}
