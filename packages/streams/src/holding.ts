import { type MemoryHolder, registerHolder } from '@plimsoll/memory/holders';

/** Gives memory back: returns the bytes given. */
export interface Reclaimable {
  reclaim(targetBytes: number): number;
}

/** The part of a holding that outlives it, so that a stream nobody finished is still taken off its account. */
interface HoldingRecord {
  readonly account: HolderAccount;
  readonly owner: WeakRef<Reclaimable> | undefined;
  bytes: number;
  open: boolean;
}

/**
 * All streams of one name are one holder, so that ten thousand small streams cost the pressure path one reading instead of ten thousand. Registered while
 * at least one stream of the name is open.
 */
class HolderAccount implements MemoryHolder {
  readonly name: string;
  /** Writing to disk is dearer than dropping idle objects and cheaper than fetching again. */
  readonly cost = 0.5;
  #heldBytes = 0;
  readonly #records = new Set<HoldingRecord>();
  #recordCount = 0;
  #registration: Disposable | undefined;

  constructor(name: string) {
    this.name = name;
  }

  open(record: HoldingRecord): void {
    this.#recordCount += 1;
    if (record.owner !== undefined) this.#records.add(record);
    this.#registration ??= registerHolder(this);
  }

  add(deltaBytes: number): void {
    this.#heldBytes += deltaBytes;
  }

  close(record: HoldingRecord): void {
    this.#records.delete(record);
    this.#recordCount -= 1;
    if (this.#recordCount > 0) return;
    this.#registration?.[Symbol.dispose]();
    this.#registration = undefined;
    accounts.delete(this.name);
  }

  bytes(): number {
    return this.#heldBytes;
  }

  reclaim(targetBytes: number): number {
    let returnedBytes = 0;
    for (const { owner } of this.#records) {
      if (returnedBytes >= targetBytes) break;
      returnedBytes += owner?.deref()?.reclaim(targetBytes - returnedBytes) ?? 0;
    }
    return returnedBytes;
  }
}

const accounts = new Map<string, HolderAccount>();

function settle(record: HoldingRecord): void {
  if (!record.open) return;
  record.open = false;
  record.account.add(-record.bytes);
  record.account.close(record);
}

const abandoned = new FinalizationRegistry(settle);

/** The bytes one stream holds, on the account of its name. Only streams that can give memory back pass a `reclaimable`. */
export class Holding {
  readonly #record: HoldingRecord;

  constructor(name: string, reclaimable?: Reclaimable) {
    let account = accounts.get(name);
    if (account === undefined) accounts.set(name, (account = new HolderAccount(name)));
    const owner = reclaimable === undefined ? undefined : new WeakRef(reclaimable);
    this.#record = { account, owner, bytes: 0, open: true };
    account.open(this.#record);
    abandoned.register(this, this.#record, this);
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#record.bytes;
  }

  set bytes(bytes: number) {
    const record = this.#record;
    if (!record.open) return;
    record.account.add(bytes - record.bytes);
    record.bytes = bytes;
  }

  /** Takes everything off the account; later changes are ignored. */
  close(): void {
    abandoned.unregister(this);
    settle(this.#record);
  }
}
