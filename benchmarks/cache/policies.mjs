// The eviction policies that ours is compared with, exact, over numbers as keys: each answers `access(key)` with true for a hit.

/** Doubly linked order of keys: newest first. */
class Order {
  constructor() {
    this.map = new Map();
    this.head = { key: -1 };
    this.head.next = this.head.previous = this.head;
  }
  get size() {
    return this.map.size;
  }
  get(key) {
    return this.map.get(key);
  }
  push(node) {
    const { head } = this;
    node.next = head.next;
    node.previous = head;
    head.next.previous = node;
    head.next = node;
    this.map.set(node.key, node);
    return node;
  }
  remove(node) {
    node.previous.next = node.next;
    node.next.previous = node.previous;
    this.map.delete(node.key);
    return node;
  }
  touch(node) {
    this.remove(node);
    this.push(node);
  }
  pop() {
    return this.size === 0 ? undefined : this.remove(this.head.previous);
  }
}

export class Fifo {
  constructor(capacity) {
    this.capacity = capacity;
    this.order = new Order();
  }
  access(key) {
    if (this.order.get(key) !== undefined) return true;
    if (this.order.size >= this.capacity) this.order.pop();
    this.order.push({ key });
    return false;
  }
}

export class Lru extends Fifo {
  access(key) {
    const node = this.order.get(key);
    if (node === undefined) return super.access(key);
    this.order.touch(node);
    return true;
  }
}

export class Clock extends Fifo {
  access(key) {
    const node = this.order.get(key);
    if (node !== undefined) {
      node.isVisited = true;
      return true;
    }
    while (this.order.size >= this.capacity) {
      const last = this.order.pop();
      if (last.isVisited) this.order.push({ key: last.key, isVisited: false });
    }
    this.order.push({ key, isVisited: false });
    return false;
  }
}

/** Zhang and others, "SIEVE is simpler than LRU", NSDI 2024. */
export class Sieve extends Fifo {
  access(key) {
    const { order } = this;
    const node = order.get(key);
    if (node !== undefined) {
      node.isVisited = true;
      return true;
    }
    if (order.size >= this.capacity) {
      let hand = this.hand ?? order.head.previous;
      if (hand === order.head) hand = order.head.previous;
      while (hand.isVisited) {
        hand.isVisited = false;
        hand = hand.previous === order.head ? order.head.previous : hand.previous;
      }
      this.hand = hand.previous;
      order.remove(hand);
    }
    order.push({ key, isVisited: false });
    return false;
  }
}

/** Yang and others, "FIFO queues are all you need for cache eviction", SOSP 2023. */
export class S3Fifo {
  constructor(capacity, promoteHits = 2) {
    this.capacity = capacity;
    this.smallCapacity = Math.max(1, Math.round(capacity / 10));
    this.ghostCapacity = Math.max(1, Math.round(capacity * 0.9));
    this.promoteHits = promoteHits;
    this.small = new Order();
    this.main = new Order();
    this.ghost = new Order();
  }
  access(key) {
    const node = this.small.get(key) ?? this.main.get(key);
    if (node !== undefined) {
      node.hits = Math.min(3, node.hits + 1);
      return true;
    }
    if (this.small.size + this.main.size >= this.capacity) this.evict();
    const ghost = this.ghost.get(key);
    if (ghost !== undefined) this.ghost.remove(ghost);
    (ghost === undefined ? this.small : this.main).push({ key, hits: 0 });
    return false;
  }
  evict() {
    for (;;) {
      if (this.small.size >= this.smallCapacity || this.main.size === 0) {
        const node = this.small.pop();
        if (node.hits >= this.promoteHits) {
          this.main.push({ key: node.key, hits: 0 });
          continue;
        }
        this.ghost.push({ key: node.key });
        if (this.ghost.size > this.ghostCapacity) this.ghost.pop();
        return;
      }
      const node = this.main.pop();
      if (node.hits === 0) return;
      this.main.push({ key: node.key, hits: node.hits - 1 });
    }
  }
}

/** Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003. */
export class Arc {
  constructor(capacity) {
    this.capacity = capacity;
    this.target = 0;
    this.t1 = new Order();
    this.t2 = new Order();
    this.b1 = new Order();
    this.b2 = new Order();
  }
  access(key) {
    const { capacity, t1, t2, b1, b2 } = this;
    const recent = t1.get(key);
    if (recent !== undefined) {
      t1.remove(recent);
      t2.push(recent);
      return true;
    }
    const frequent = t2.get(key);
    if (frequent !== undefined) {
      t2.touch(frequent);
      return true;
    }
    const ghost1 = b1.get(key);
    const ghost2 = b2.get(key);
    if (ghost1 !== undefined) {
      this.target = Math.min(capacity, this.target + Math.max(1, b2.size / b1.size));
      this.replace(false);
      t2.push(b1.remove(ghost1));
    } else if (ghost2 !== undefined) {
      this.target = Math.max(0, this.target - Math.max(1, b1.size / b2.size));
      this.replace(true);
      t2.push(b2.remove(ghost2));
    } else {
      if (t1.size + b1.size === capacity) {
        if (t1.size < capacity) {
          b1.pop();
          this.replace(false);
        } else t1.pop();
      } else if (t1.size + b1.size < capacity) {
        const total = t1.size + t2.size + b1.size + b2.size;
        if (total >= capacity) {
          if (total === 2 * capacity) b2.pop();
          this.replace(false);
        }
      }
      t1.push({ key });
    }
    return false;
  }
  replace(isInB2) {
    if (this.t1.size + this.t2.size < this.capacity) return;
    if (
      this.t1.size > 0 &&
      (this.t1.size > this.target || (isInB2 && this.t1.size === Math.floor(this.target)))
    ) {
      this.b1.push(this.t1.pop());
    } else this.b2.push(this.t2.pop());
  }
}

/** Einziger, Friedman, Manes, "TinyLFU", 2017, with an exact sketch; the window climbs as in "Adaptive software cache management", 2018. */
export class WTinyLfu {
  constructor(capacity, windowRatio = 0.01, isClimbing = true) {
    this.capacity = capacity;
    this.isClimbing = isClimbing;
    this.windowCapacity = Math.max(1, Math.round(capacity * windowRatio));
    this.window = new Order();
    this.probation = new Order();
    this.protected = new Order();
    this.counts = new Map();
    this.sampled = 0;
    this.requests = 0;
    this.hits = 0;
    this.lastRatio = 0;
    this.step = -0.0625 * capacity;
  }
  count(key) {
    const count = this.counts.get(key) ?? 0;
    if (count < 15) this.counts.set(key, count + 1);
    if (++this.sampled < 10 * this.capacity) return;
    this.sampled >>= 1;
    for (const [counted, value] of this.counts) {
      if (value < 2) this.counts.delete(counted);
      else this.counts.set(counted, value >> 1);
    }
  }
  access(key) {
    this.count(key);
    this.requests++;
    const isHit = this.lookUp(key);
    if (isHit) this.hits++;
    if (this.isClimbing && this.requests >= 10 * this.capacity) this.climb();
    return isHit;
  }
  lookUp(key) {
    const inWindow = this.window.get(key);
    if (inWindow !== undefined) {
      this.window.touch(inWindow);
      return true;
    }
    const inProtected = this.protected.get(key);
    if (inProtected !== undefined) {
      this.protected.touch(inProtected);
      return true;
    }
    const inProbation = this.probation.get(key);
    if (inProbation !== undefined) {
      this.protected.push(this.probation.remove(inProbation));
      const room = Math.floor((this.capacity - this.windowCapacity) * 0.8);
      while (this.protected.size > room) this.probation.push(this.protected.pop());
      return true;
    }
    this.window.push({ key });
    this.trim();
    return false;
  }
  trim() {
    while (this.window.size > this.windowCapacity) {
      const candidate = this.window.pop();
      if (this.window.size + this.probation.size + this.protected.size < this.capacity) {
        this.probation.push(candidate);
        continue;
      }
      const victim = this.probation.head.previous;
      if (this.probation.size === 0) {
        if (this.protected.size === 0) continue;
        this.probation.push(this.protected.pop());
      }
      const last = this.probation.size > 0 ? this.probation.head.previous : victim;
      if ((this.counts.get(candidate.key) ?? 0) > (this.counts.get(last.key) ?? 0)) {
        this.probation.remove(last);
        this.probation.push(candidate);
      }
    }
  }
  climb() {
    const ratio = this.hits / this.requests;
    if (ratio < this.lastRatio) this.step = -this.step;
    if (Math.abs(ratio - this.lastRatio) >= 0.05) this.step = Math.sign(this.step) * 0.0625 * this.capacity;
    else this.step *= 0.98;
    this.lastRatio = ratio;
    this.requests = this.hits = 0;
    const wanted = Math.round(this.windowCapacity + this.step);
    this.windowCapacity = Math.max(1, Math.min(Math.floor(this.capacity * 0.8), wanted));
    while (this.window.size < this.windowCapacity && this.probation.size > 0) {
      this.window.push(this.probation.pop());
    }
    this.trim();
  }
}

/** Belady's optimum: evicts what is asked for again last. */
export function optimalHits(trace, capacity) {
  const nextUse = new Float64Array(trace.length);
  const seen = new Map();
  for (let at = trace.length - 1; at >= 0; at--) {
    nextUse[at] = seen.get(trace[at]) ?? Infinity;
    seen.set(trace[at], at);
  }
  const held = new Map();
  const heap = [];
  const push = (item) => {
    let at = heap.push(item) - 1;
    while (at > 0 && heap[(at - 1) >> 1].next < item.next) {
      heap[at] = heap[(at - 1) >> 1];
      at = (at - 1) >> 1;
    }
    heap[at] = item;
  };
  const pop = () => {
    const top = heap[0];
    const item = heap.pop();
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].next > heap[child].next) child++;
      if (heap[child].next <= item.next) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = item;
    return top;
  };
  let hits = 0;
  for (let at = 0; at < trace.length; at++) {
    const key = trace[at];
    const next = nextUse[at];
    if (held.has(key)) hits++;
    else if (next === Infinity) continue;
    else if (held.size >= capacity) {
      for (;;) {
        const top = pop();
        if (held.get(top.key) !== top.next) continue;
        held.delete(top.key);
        break;
      }
    }
    held.set(key, next);
    push({ key, next });
  }
  return hits;
}
