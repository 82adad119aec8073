interface Share {
  readonly bytes: number;
  /** Takes so many bytes off what was booked. */
  readonly takeOff: (bytes: number) => void;
}

/**
 * Who made how much of the garbage that a collection found. Between two collections growth is booked as it is read, garbage included; afterwards what was collected
 * is taken off in proportion. So a collection is needed for every half MiB and not at every border between two packages: a service of 120 packages starts within a
 * second or two and not within ten.
 */
export class GarbageShares {
  #shares: Share[] = [];
  #sumBytes = 0;

  /** Growth since the last reading was booked somewhere. What shrank made no garbage. */
  add(bytes: number, takeOff: Share['takeOff']): void {
    if (bytes <= 0) return;
    this.#shares.push({ bytes, takeOff });
    this.#sumBytes += bytes;
  }

  /** A collection freed `garbageBytes`: true when somebody's growth was found to take them off. */
  collect(garbageBytes: number): boolean {
    const sumBytes = this.#sumBytes;
    let doneBytes = 0;
    let takenBytes = 0;
    for (const { bytes, takeOff } of this.#shares) {
      doneBytes += bytes;
      // In whole bytes that add up to the garbage.
      const dueBytes = Math.round((garbageBytes * doneBytes) / sumBytes);
      takeOff(dueBytes - takenBytes);
      takenBytes = dueBytes;
    }
    this.#shares = [];
    this.#sumBytes = 0;
    return sumBytes > 0;
  }
}
