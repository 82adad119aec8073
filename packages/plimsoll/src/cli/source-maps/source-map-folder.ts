import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  originalPositionFor,
  sourceContentFor,
  type SourceMapInput,
  TraceMap,
  traceSegment,
} from '@jridgewell/trace-mapping';
import { CommandFailure } from '../failure.ts';

/** A place in source code, from 1. */
export interface CodePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A place in the code as it was written, and the name that stands there. */
export interface OriginalPlace extends CodePlace {
  /** Undefined when the map cannot tell. */
  readonly name: string | undefined;
}

/** Files looked at below the folder: a build of more is given by a deeper folder. */
const FILES_LISTED = 20_000;
const INLINE_MAP = /\/\/# sourceMappingURL=data:application\/json[^,]*;base64,([A-Za-z0-9+/=]+)\s*$/;
const NAME = /[\w$#\u0080-\uffff]+/y;

interface LoadedMap {
  readonly map: TraceMap;
  /** Where its sources are relative to. */
  readonly folder: string;
}

/** The source maps of a build, found by the names of the files they are for. Used offline, never in the guarded process. */
export class SourceMapFolder {
  readonly #root: string;
  readonly #paths: readonly string[];
  readonly #maps = new Map<string, LoadedMap | undefined>();

  /**
   * Lists the maps below `path`, a folder or one map.
   * @throws CommandFailure when it cannot be read or holds none.
   */
  constructor(path: string) {
    try {
      const isFolder = statSync(path).isDirectory();
      this.#root = resolve(isFolder ? path : dirname(path));
      this.#paths = isFolder ? listCode(this.#root) : [resolve(path)];
    } catch (error) {
      throw new CommandFailure(
        `--source-maps ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    if (!this.#paths.some((found) => found.endsWith('.map') || inlineMap(found) !== undefined))
      throw new CommandFailure(
        `--source-maps ${path} holds no source map; give the folder of the build, with its .map files.`,
      );
  }

  /** The place of a generated file as it was written; undefined when no map tells, or two builds could have made the file. */
  originalOf({ file, line, column }: CodePlace, generatedName?: string): OriginalPlace | undefined {
    const loaded = line > 0 ? this.#mapOf(file) : undefined;
    if (loaded === undefined) return undefined;
    const { map } = loaded;
    const wanted = { line, column: Math.max(0, column - 1) };
    const found = originalPositionFor(map, wanted);
    if (found.source === null) return undefined;
    const segmentColumn = traceSegment(map, wanted.line - 1, wanted.column)?.[0];
    // V8 places a function behind its name. A name that stands anywhere else is that of something else.
    const isNamed =
      segmentColumn === wanted.column ||
      (generatedName !== undefined && segmentColumn === wanted.column - generatedName.length);
    return {
      file: this.#printable(loaded, found.source),
      line: found.line,
      column: found.column + 1,
      name: isNamed ? (found.name ?? wordAt(map, found.source, found.line, found.column)) : undefined,
    };
  }

  #mapOf(file: string): LoadedMap | undefined {
    if (!this.#maps.has(file)) this.#maps.set(file, this.#load(file));
    return this.#maps.get(file);
  }

  #load(file: string): LoadedMap | undefined {
    const name = basename(file);
    const beside = this.#nearest(file, (path) => basename(path) === `${name}.map`);
    if (beside !== undefined) return load(beside, readFileSync(beside, 'utf8'));
    const inline = this.#nearest(file, (path) => basename(path) === name && inlineMap(path) !== undefined);
    return inline === undefined ? undefined : load(inline, inlineMap(inline) as string);
  }

  /** Of the paths that fit, the one whose folders are most like those of `file`. */
  #nearest(file: string, fits: (path: string) => boolean): string | undefined {
    const ranked = this.#paths
      .filter(fits)
      .map((path) => ({ path, likeness: commonFolders(dirname(path), dirname(file)) }))
      .toSorted((a, b) => b.likeness - a.likeness);
    const [best, second] = ranked;
    return best !== undefined && best.likeness === second?.likeness ? undefined : best?.path;
  }

  #printable({ folder }: LoadedMap, source: string): string {
    if (/^[a-z][a-z0-9+.-]+:/i.test(source)) {
      if (!source.startsWith('file:')) return source.replace(/^[a-z-]+:\/\/[^/]*\/(?:\.\/)?/i, '');
      return fileURLToPath(source);
    }
    const inside = relative(this.#root, resolve(folder, source));
    return inside
      .split(sep)
      .join('/')
      .replace(/^(?:\.\.\/)+/, '');
  }
}

function load(path: string, text: string): LoadedMap | undefined {
  try {
    return { map: new TraceMap(JSON.parse(text) as SourceMapInput), folder: dirname(path) };
  } catch (error) {
    process.stderr.write(
      `plimsoll: ${path} is no source map and is left out: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return undefined;
  }
}

function listCode(root: string): string[] {
  const found: string[] = [];
  const pending = [root];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && entry.name !== 'node_modules') pending.push(path);
      else if (entry.isFile() && /\.(?:map|[cm]?js)$/.test(entry.name)) found.push(path);
      if (found.length >= FILES_LISTED) return found;
    }
  }
  return found;
}

/** The map a script carries in its last line. */
function inlineMap(path: string): string | undefined {
  if (path.endsWith('.map')) return undefined;
  const encoded = INLINE_MAP.exec(readFileSync(path, 'utf8'))?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

/** How many folders two paths have in common, from the last on. */
function commonFolders(a: string, b: string): number {
  const of = a.split(/[\\/]/).toReversed();
  const against = b.split(/[\\/]/).toReversed();
  const differing = of.findIndex((name, index) => name !== against[index]);
  return differing < 0 ? of.length : differing;
}

/** The name in the source itself, where the map holds the source and no names. */
function wordAt(map: TraceMap, source: string, line: number, column: number): string | undefined {
  const text = sourceContentFor(map, source)?.split('\n')[line - 1];
  if (text === undefined) return undefined;
  NAME.lastIndex = column;
  return NAME.exec(text)?.[0];
}
