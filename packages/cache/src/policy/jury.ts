import { type EvictionRule, evictionRules } from './rule.ts';
import { ShadowPanel } from './shadow-panel.ts';

/** Entries of a shadow of a small cache: enough that noise stays below the differences that matter, few enough to cost little. */
const largestShadowCount = 128;
/** A large cache fills slowly and affords more: a shadow then holds this part of its entries, up to a bound, so that evidence comes as soon. */
const shadowRatio = 1 / 128;
const largestShadowOfAll = 2_048;
/** A challenger leads when its lead over the leader passes this many standard deviations of the requests on which the two differ. */
const certainty = 2;
const leastLead = 2;
const requestsPerVerdict = 16;
/** Evidence halves after this many requests per shadow entry, and no sooner than after 1,000. */
const memoryPerEntry = 10;
const leastMemory = 1_000;
/** How far the cache may fall behind the shadow of its own rule before it starts afresh, in standard deviations. */
const strayCertainty = 4;
const leastStray = 8;
const longestBackOff = 1_000;
/** Sampled hits the shadows may look at per insertion: bounds their cost when nearly everything hits and nothing is at stake. */
const looksPerInsertion = 32;
const mostLooks = 4_096;

/** What the jury asks of the cache. */
export type Verdict = 'stay' | 'change' | 'restart';

/**
 * Decides which eviction rule the cache uses. Every rule runs as a shadow, a cache of 65 to 128 keys (more from 16,384 entries on) over a sample of the key space of the same share
 * (1 in 2^k keys by hash, capacity over 2^k), as in set duelling of processor caches. For each pair of rules the requests that one hits and the other misses
 * are counted; a rule takes the lead when that difference is significant (McNemar's test without the table), and evidence fades, so that the lead follows the
 * traffic. The cache is measured as well: when it does worse than the shadow of the rule it follows, it is caught in a state of its own making and restarts.
 */
export class Jury {
  readonly #panel: ShadowPanel;
  readonly #shift: number;
  readonly #memory: number;
  readonly #cacheCount: number;
  /** Requests that rule a hit and rule b missed, at a × rules + b. */
  readonly #wins: Float64Array;
  #leader: number;
  #seen = 0;
  #strayWins = 0;
  #strayLosses = 0;
  #quiet = 0;
  #backOff = 5;
  #looks = mostLooks;

  /**
   * @param cacheCount - entries the cache holds when it is full.
   * @param leader - the rule in use so far.
   */
  constructor(cacheCount: number, leader: EvictionRule) {
    let shift = 0;
    const largest = Math.min(largestShadowOfAll, Math.max(largestShadowCount, cacheCount * shadowRatio));
    while (cacheCount / 2 ** shift > largest) shift++;
    const shadowCount = Math.max(1, Math.round(cacheCount / 2 ** shift));
    this.#shift = shift;
    this.#cacheCount = cacheCount;
    this.#panel = new ShadowPanel(evictionRules, shadowCount);
    this.#wins = new Float64Array(evictionRules.length ** 2);
    this.#leader = evictionRules.indexOf(leader);
    this.#memory = Math.max(leastMemory, shadowCount * memoryPerEntry);
  }

  /** Entries the cache was expected to hold. */
  get cacheCount(): number {
    return this.#cacheCount;
  }

  /** The rule that leads. */
  get leader(): EvictionRule {
    return evictionRules[this.#leader];
  }

  /** True when the key of this hash belongs to the sample. */
  isSampled(hash: number): boolean {
    return this.#shift === 0 || hash >>> (32 - this.#shift) === 0;
  }

  /** Shows the shadows a sampled key that the cache holds already; it proves nothing. */
  introduce(hash: number): void {
    this.#panel.ask(hash);
  }

  /** Grants the looks an insertion is worth. */
  grantLooks(): void {
    if (this.#looks < mostLooks) this.#looks += looksPerInsertion;
  }

  /** True while the shadows may look at another request. */
  get hasLooks(): boolean {
    return this.#looks > 0;
  }

  /** A request for a sampled key, which the cache hit or missed. */
  observe(hash: number, isHit: boolean): Verdict {
    this.#looks--;
    this.#panel.ask(hash);
    const { hits } = this.#panel;
    const wins = this.#wins;
    const rules = hits.length;
    for (let rule = 0; rule < rules; rule++) {
      if (hits[rule] === 0) continue;
      for (let other = 0; other < rules; other++) if (hits[other] === 0) wins[rule * rules + other]++;
    }
    const leaderHits = hits[this.#leader] === 1;
    this.#seen++;
    if (this.#seen % requestsPerVerdict === 0 && this.#elect()) return 'change';
    if (this.#seen >= this.#memory) this.#fade();
    return this.#checkStray(isHit, leaderHits) ? 'restart' : 'stay';
  }

  #elect(): boolean {
    const rules = evictionRules.length;
    const leader = this.#leader;
    let best = leader;
    let bestLead = 0;
    for (let rule = 0; rule < rules; rule++) {
      const won = this.#wins[rule * rules + leader];
      const lost = this.#wins[leader * rules + rule];
      const lead = won - lost;
      if (lead > bestLead && lead > certainty * Math.sqrt(won + lost) + leastLead) {
        best = rule;
        bestLead = lead;
      }
    }
    if (best === leader) return false;
    this.#leader = best;
    this.#strayWins = this.#strayLosses = 0;
    this.#quiet = Math.max(this.#quiet, this.#quietCount(5));
    return true;
  }

  #fade(): void {
    this.#seen = 0;
    for (let at = 0; at < this.#wins.length; at++) this.#wins[at] /= 2;
    this.#strayWins /= 2;
    this.#strayLosses /= 2;
  }

  #checkStray(isHit: boolean, leaderHits: boolean): boolean {
    if (this.#quiet > 0) {
      this.#quiet--;
      return false;
    }
    if (this.leader.kind === 'frequency' || isHit === leaderHits) return false;
    if (isHit) this.#strayWins++;
    else this.#strayLosses++;
    const behind = this.#strayLosses - this.#strayWins;
    if (behind <= strayCertainty * Math.sqrt(this.#strayLosses + this.#strayWins) + leastStray) return false;
    this.#strayWins = this.#strayLosses = 0;
    this.#backOff = Math.min(longestBackOff, this.#backOff * 2);
    this.#quiet = this.#quietCount(this.#backOff);
    return true;
  }

  /** Sampled requests while the cache is asked `times` its entries. */
  #quietCount(times: number): number {
    return (times * this.#cacheCount) / 2 ** this.#shift;
  }
}
