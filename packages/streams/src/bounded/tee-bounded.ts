import type { Buffer } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { limitFault, timeoutFault } from '../fault.ts';
import { Flow } from '../flow/flow.ts';
import type { FlowOptions } from '../flow/flow-options.ts';
import { type Batch, OneItem } from '../flow/puller.ts';
import { Holding } from '../holding.ts';
import { checkBound, checkChoice, checkCount, checkMs } from '../option-check.ts';
import { type ByteReader, type ByteSource, openBytes } from '../source/byte-source.ts';
import { requireSource } from '../source/source-reader.ts';
import type { SpillFileSetup } from '../spill/spill-file.ts';
import { chunkWeight, unpinned } from './item-weight.ts';
import { LagCopies } from './lag-copies.ts';
import { TeeBranch } from './tee-branch.ts';
import { WakeUp } from './wake-up.ts';

/** A branch this far into its bound keeps copies, whose memory is used again when it drops them. */
const COPIED_LAG_RATIO = 1 / 16;

/** What happens when one branch falls behind by more than the bound. */
export type TeePolicy = 'wait' | 'drop' | 'spill' | 'error';

/** How {@link teeBounded} splits. */
export interface TeeBoundedOptions extends FlowOptions {
  /** Bytes a branch may be behind the furthest one. Memory is at most this and one chunk (with `drop` a sixteenth more), whatever the number of branches. */
  readonly maxLagBytes: number;
  /**
   * `wait`: the source is not read until the slow branch goes on, so one that is never read stops the others. `drop`: the slow branch loses its oldest
   * chunks (`stats().skippedCount`). `spill`: what the slow branch has not read goes to a temporary file. `error`: the slow branch ends with
   * ERR_PLIMSOLL_LIMIT, the others go on.
   */
  readonly onLag: TeePolicy;
  /**
   * How many branches.
   * @default 2
   */
  readonly branchCount?: number | undefined;
  /** Bytes of the temporary file of one branch at most. Required by `spill`. */
  readonly maxDiskBytes?: number | undefined;
  /**
   * Where temporary files are made.
   * @default as spillToDisk
   */
  readonly folder?: string | undefined;
  /**
   * With `wait`: how long the source may wait for a slow branch, in milliseconds; then that branch ends with ERR_PLIMSOLL_TIMEOUT and the others go on.
   * @default undefined, no limit
   */
  readonly maxWaitMs?: number | undefined;
}

interface TeePlan {
  readonly maxLagBytes: number;
  readonly onLag: TeePolicy;
  readonly maxWaitMs: number | undefined;
  readonly spill: SpillFileSetup;
}

/** Reads the source once for all branches. */
class Tee {
  readonly branches: TeeBranch[];
  readonly #reader: ByteReader;
  readonly #plan: TeePlan;
  readonly #holding: Holding;
  readonly #taken = new WakeUp();
  readonly #copies = new LagCopies();
  #reading: Promise<void> | undefined;
  #isOver = false;
  #failure: Error | undefined;

  constructor(reader: ByteReader, plan: TeePlan, branchCount: number, name: string) {
    this.#reader = reader;
    this.#plan = plan;
    this.#holding = new Holding(name);
    this.branches = Array.from({ length: branchCount }, () => new TeeBranch());
  }

  async pull(branch: TeeBranch): Promise<Batch<Buffer> | undefined> {
    for (;;) {
      if (branch.failure !== undefined) throw branch.failure;
      if (!branch.isOpen) return undefined;
      const chunk = branch.takeOldest() ?? (await branch.readSpilled());
      if (chunk !== undefined) {
        this.#copies.giveAway(chunk);
        this.#account();
        this.#taken.ring();
        return new OneItem(chunk);
      }
      if (this.#failure !== undefined) throw this.#failure;
      // The branch may have left while its file was looked at.
      if (this.#isOver || !branch.isOpen) return undefined;
      this.#reading ??= this.#read();
      // Rung when this branch leaves, too: it must not wait for a source that says nothing.
      await Promise.race([this.#reading, this.#taken.wait()]);
    }
  }

  async close(branch: TeeBranch, reason: unknown): Promise<void> {
    branch.drop();
    this.#account();
    this.#taken.ring();
    if (this.branches.some(({ isOpen }) => isOpen)) return;
    this.#isOver = true;
    this.#copies.clear();
    this.#holding.close();
    await this.#reader.cancel(reason);
  }

  /** Memory is held by the branch that is furthest behind: the others hold the same chunks. */
  get heldBytes(): number {
    return this.branches.reduce((most, { lagBytes }) => Math.max(most, lagBytes), 0);
  }

  #account(): void {
    this.#holding.bytes = this.heldBytes;
  }

  async #read(): Promise<void> {
    try {
      if (this.#plan.onLag === 'wait') await this.#waitForSlow();
      const chunk = await this.#reader.read();
      if (chunk === undefined) this.#isOver = true;
      else await this.#deal(unpinned(chunk));
    } catch (error) {
      this.#isOver = true;
      this.#failure = error as Error;
    }
    this.#reading = undefined;
    this.#account();
  }

  async #waitForSlow(): Promise<void> {
    const { maxLagBytes, maxWaitMs } = this.#plan;
    const slow = (): TeeBranch[] =>
      this.branches.filter(({ isOpen, lagBytes }) => isOpen && lagBytes >= maxLagBytes);
    const deadlineMs = maxWaitMs === undefined ? undefined : performance.now() + maxWaitMs;
    while (slow().length > 0) {
      const leftMs = deadlineMs === undefined ? undefined : deadlineMs - performance.now();
      if (leftMs !== undefined && leftMs <= 0) {
        for (const branch of slow()) failBranch(branch, stalled(maxWaitMs as number));
        return;
      }
      await waitAtMost(this.#taken.wait(), leftMs);
    }
  }

  async #deal(chunk: Buffer): Promise<void> {
    let copy: Buffer | undefined;
    for (const branch of this.branches) {
      if (!branch.isOpen) continue;
      const wouldLag = await this.#isLagging(branch, chunk);
      if (!branch.isOpen) continue;
      if (branch.isSpilling || (wouldLag && this.#plan.onLag === 'spill')) {
        await this.#spill(branch, chunk);
        continue;
      }
      if (this.#mayDrop(branch)) {
        // Branches that fall behind later than this turn keep the chunk as it came: a use too many only means that the copy is not written again.
        copy ??= this.#copies.copy(chunk, this.branches.filter((other) => this.#mayDrop(other)).length);
        branch.keep(copy);
      } else {
        branch.keep(chunk);
      }
      if (wouldLag) this.#relieve(branch);
    }
  }

  /** The branch is so far behind that what it keeps now will likely be dropped. */
  #mayDrop(branch: TeeBranch): boolean {
    const { onLag, maxLagBytes } = this.#plan;
    return onLag === 'drop' && branch.isOpen && branch.lagBytes > maxLagBytes * COPIED_LAG_RATIO;
  }

  /** A branch that is being read gets a turn of the event loop to catch up before it loses anything. */
  async #isLagging(branch: TeeBranch, chunk: Buffer): Promise<boolean> {
    const lags = (): boolean => branch.lagBytes + chunkWeight(chunk) > this.#plan.maxLagBytes;
    if (!lags() || this.#plan.onLag === 'wait') return false;
    if (!branch.isSpilling) await setImmediate();
    return lags();
  }

  async #spill(branch: TeeBranch, chunk: Buffer): Promise<void> {
    try {
      await branch.spill(chunk, this.#plan.spill);
      // The branch may have left while its chunk was being written.
      if (!branch.isOpen) branch.drop();
    } catch (error) {
      failBranch(branch, error as Error);
    }
  }

  #relieve(branch: TeeBranch): void {
    const { maxLagBytes, onLag } = this.#plan;
    if (onLag === 'error') {
      failBranch(
        branch,
        limitFault('What the branch has not read', 'maxLagBytes', maxLagBytes, branch.lagBytes),
      );
      return;
    }
    // The newest chunk stays, however large: a branch that reads gets something.
    while (onLag === 'drop' && branch.lagBytes > maxLagBytes && branch.chunks.count > 1) {
      const dropped = branch.takeOldest();
      if (dropped !== undefined) this.#copies.release(dropped);
      branch.skippedCount += 1;
    }
  }
}

function failBranch(branch: TeeBranch, error: Error): void {
  branch.drop();
  branch.failure = error;
}

function stalled(maxWaitMs: number): Error {
  return timeoutFault(
    `This branch was not read for maxWaitMs = ${maxWaitMs} while the source waited for it.`,
    {
      option: 'maxWaitMs',
      maxWaitMs,
    },
  );
}

async function waitAtMost(waiting: Promise<void>, ms: number | undefined): Promise<void> {
  if (ms === undefined) return waiting;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([waiting, late]);
  clearTimeout(timer);
}

function branchFlow(tee: Tee, branch: TeeBranch, signal: AbortSignal | undefined): Flow<Buffer> {
  const puller = {
    pull: () => tee.pull(branch),
    close: (reason: unknown) => tee.close(branch, reason),
    stats: () => ({ heldBytes: branch.lagBytes, skippedCount: branch.skippedCount }),
  };
  return new Flow({ helper: 'teeBounded', signal, ofBytes: true, open: () => puller, stats: puller.stats });
}

/**
 * Several flows of the same bytes, read once, of which none falls behind by more than `maxLagBytes`: what `tee()`, `clone()` and two pipes leave unbounded or
 * stalled. A branch that ends early is no longer waited for; when all have, the source ends.
 * @throws ERR_PLIMSOLL_OPTION at the call. While reading: what the policy says, and every error of the source, on each branch that gets there.
 */
export function teeBounded(
  source: ByteSource,
  options: TeeBoundedOptions & { readonly branchCount?: undefined },
): [Flow<Buffer>, Flow<Buffer>];
export function teeBounded(source: ByteSource, options: TeeBoundedOptions): Flow<Buffer>[];
export function teeBounded(source: ByteSource, options: TeeBoundedOptions): Flow<Buffer>[] {
  const maxLagBytes = checkBound('maxLagBytes', options?.maxLagBytes);
  const onLag = checkChoice('onLag', options.onLag, ['wait', 'drop', 'spill', 'error'] as const);
  const branchCount = checkCount('branchCount', options.branchCount ?? 2);
  const maxDiskBytes = onLag === 'spill' ? checkBound('maxDiskBytes', options.maxDiskBytes) : 0;
  const maxWaitMs = options.maxWaitMs === undefined ? undefined : checkMs('maxWaitMs', options.maxWaitMs);
  requireSource(source);
  const spill = { folder: options.folder, maxDiskBytes };
  const plan = { maxLagBytes, onLag, maxWaitMs, spill };
  const tee = new Tee(openBytes(source, 'kept'), plan, branchCount, options.name ?? 'streams.teeBounded');
  return tee.branches.map((branch) => branchFlow(tee, branch, options.signal));
}
