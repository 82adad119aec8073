import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';

import { SnapshotError, truncatedFault } from '../errors.ts';
import { readHeader } from '../format/header.ts';
import { StringReader } from '../format/string-reader.ts';
import { findStringsOffset, scanStrings } from '../format/string-scan.ts';
import { type SnapshotFile, type SnapshotInput, openSnapshotFile } from '../input/snapshot-file.ts';
import { type ClearReason, Masking } from './masking.ts';
import { scanStringRoles, stringRoles } from './string-roles.ts';

/** Options of {@link redactSnapshot}. */
export interface RedactOptions {
  /** Secret under which equal texts get equal masks; give the same to several snapshots to compare them. @default a new one each time */
  readonly key?: string;
  /** Where gzip and streams are unpacked to. @default the system's temporary folder */
  readonly spoolDir?: string;
}

/** What a redaction did, and what it left. */
export interface RedactReport {
  /** Strings in the snapshot. */
  readonly stringCount: number;
  /** Strings that were masked. */
  readonly maskedCount: number;
  /** Strings left in clear, by why. */
  readonly clearCounts: Readonly<Record<ClearReason, number>>;
  /** Strings left in clear although the program also holds them as text: the ones to look through. */
  readonly clearValueCount: number;
  /** The first hundred of them that are not common words of JavaScript and Node.js. */
  readonly clearValues: readonly string[];
  /** Bytes written. */
  readonly fileBytes: number;
}

const copyBytes = 1 << 20;

/**
 * Copies a snapshot with its texts masked. Structure, sizes, ids, constructor, variable and property names stay, so that
 * Chrome DevTools and {@link openSnapshot} find the same leak in it. The copy appears under its name only when it is whole.
 * @throws ERR_SNAPSHOT_INPUT, ERR_SNAPSHOT_FORMAT, ERR_SNAPSHOT_TRUNCATED
 */
export async function redactSnapshot(
  input: SnapshotInput,
  targetPath: string,
  options: RedactOptions = {},
): Promise<RedactReport> {
  using file = await openSnapshotFile(input, options.spoolDir);
  const partialPath = `${targetPath}.partial`;
  let target: number;
  try {
    target = openSync(partialPath, 'wx', 0o600);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SnapshotError('ERR_SNAPSHOT_INPUT', `cannot write ${partialPath}: ${reason}`, { cause });
  }
  try {
    const report = writeRedacted(file, target, options.key ?? randomBytes(32).toString('hex'));
    closeSync(target);
    renameSync(partialPath, targetPath);
    return report;
  } catch (error) {
    closeSync(target);
    rmSync(partialPath, { force: true });
    throw error;
  }
}

function writeRedacted(file: SnapshotFile, target: number, key: string): RedactReport {
  const header = readHeader(file);
  const stringsOffset = findStringsOffset(file);
  if (stringsOffset < 0) throw truncatedFault(file.sizeBytes, 'the strings');
  const scan = scanStrings(file, stringsOffset);
  const { roles } = scanStringRoles(file, header, scan);
  copyRange(file, target, 0, scan.baseOffset);
  const masking = new Masking(key);
  const output = new TextOutput(target);
  const counts: Record<ClearReason, number> = {
    'type name': 0,
    variable: 0,
    property: 0,
    method: 0,
    slot: 0,
    'script file': 0,
  };
  const clearValues: string[] = [];
  let maskedCount = 0;
  let clearValueCount = 0;
  const reader = new StringReader(file, scan.baseOffset);
  for (let index = 0; index < scan.starts.length; index++) {
    const verdict = masking.judge(reader.next(), roles[index]);
    output.write(`${index === 0 ? '' : ',\n'}${JSON.stringify(verdict.text)}`);
    if (verdict.reason === undefined) maskedCount++;
    else {
      counts[verdict.reason]++;
      if ((roles[index] & stringRoles.value) !== 0 && verdict.text !== '') {
        clearValueCount++;
        if (clearValues.length < 100 && verdict.reason === 'property') clearValues.push(verdict.text);
      }
    }
  }
  output.flush();
  const tailBytes = copyRange(file, target, scan.endOffset, file.sizeBytes);
  return {
    stringCount: scan.starts.length,
    maskedCount,
    clearCounts: counts,
    clearValueCount,
    clearValues,
    fileBytes: scan.baseOffset + output.writtenBytes + tailBytes,
  };
}

function copyRange(file: SnapshotFile, target: number, from: number, to: number): number {
  const chunk = new Uint8Array(copyBytes);
  for (let at = from; at < to;) {
    const got = file.read(chunk, at, Math.min(copyBytes, to - at));
    if (got === 0) break;
    writeFully(target, chunk.subarray(0, got));
    at += got;
  }
  return to - from;
}

function writeFully(target: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(target, bytes, done);
}

/** Collects text into blocks of about a megabyte. */
class TextOutput {
  writtenBytes = 0;
  readonly #target: number;
  #parts: string[] = [];
  #length = 0;

  constructor(target: number) {
    this.#target = target;
  }

  write(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length >= copyBytes) this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.#parts.join(''));
    writeFully(this.#target, bytes);
    this.writtenBytes += bytes.length;
    this.#parts = [];
    this.#length = 0;
  }
}
