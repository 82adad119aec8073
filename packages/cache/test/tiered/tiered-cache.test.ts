import { TieredCache, type TieredCacheOptions } from '@plimsoll/cache';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, freePort, missingServer, Network, RedisServer, serverCommands } from './redis-server.ts';

/** A promise that is settled from outside; Node 20 has no Promise.withResolvers. */
function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

interface User {
  readonly name: string;
}

const servers = serverCommands.map((command) => {
  const missing = missingServer(command);
  const title = missing === undefined ? `with a real ${command}` : `[SKIPPED: ${missing}; 17 tests]`;
  return { command, missing, title };
});

describe.each(servers)('$title', ({ command, missing }) => {
  let server: RedisServer;
  let caches: TieredCache<User>[] = [];
  let owned: (RedisServer | Network)[] = [];
  let cacheNumber = 0;

  const options = (name: string, more: Partial<TieredCacheOptions<User>> = {}): TieredCacheOptions<User> => ({
    url: server.url,
    name,
    near: { maxBytes: 1_000_000 },
    ...more,
  });
  const open = async (given: TieredCacheOptions<User>): Promise<TieredCache<User>> => {
    const cache = await TieredCache.connect<User>(given);
    caches.push(cache);
    return cache;
  };
  const own = <T extends RedisServer | Network>(resource: T): T => {
    owned.push(resource);
    return resource;
  };
  const newName = (): string => `users${cacheNumber++}`;
  const closeAll = async (): Promise<void> => {
    for (const cache of caches) await cache[Symbol.asyncDispose]();
    for (const resource of owned) await resource.close();
    caches = [];
    owned = [];
  };

  if (missing !== undefined) {
    it.skip(`${command} is not here`);
    return;
  }
  beforeAll(async () => {
    server = new RedisServer(command, await freePort());
    await server.start();
  });
  afterEach(closeAll);
  afterAll(async () => {
    await server.close();
  });

  it('serves the second request from this process and the same key in another process from Redis', async () => {
    const name = newName();
    const one = await open(options(name));
    const two = await open(options(name));
    let loads = 0;
    const load = (): Promise<User> => Promise.resolve({ name: `Ada ${++loads}` });
    expect(await one.fetch('1', load)).toEqual({ name: 'Ada 1' });
    expect(await one.fetch('1', load)).toEqual({ name: 'Ada 1' });
    expect(await two.fetch('1', load)).toEqual({ name: 'Ada 1' });
    expect(await two.get('1')).toEqual({ name: 'Ada 1' });
    expect(loads).toBe(1);
    expect(one.stats()).toMatchObject({ farMisses: 1, near: { hits: 1 } });
    expect(two.stats()).toMatchObject({ farHits: 1, near: { hits: 1 } });
    expect(await two.get('nobody')).toBeUndefined();
  });

  it('drops its copy when another process writes or deletes the key', async () => {
    const name = newName();
    const one = await open(options(name));
    const two = await open(options(name));
    await one.set('1', { name: 'old' });
    expect(await two.get('1')).toEqual({ name: 'old' });
    expect(await one.set('1', { name: 'new' })).toBe(true);
    await eventually(async () => (await two.get('1'))?.name === 'new', 'the other process sees the write');
    expect(two.stats().invalidations).toBeGreaterThanOrEqual(1);
    expect(await one.get('1')).toEqual({ name: 'new' });
    await two.delete('1');
    await eventually(async () => (await one.get('1')) === undefined, 'the other process sees the deletion');
  });

  it('never keeps a copy longer than the value lives in Redis', async () => {
    const name = newName();
    const one = await open(options(name));
    const two = await open(options(name, { nearTtlMs: 60_000 }));
    await one.set('1', { name: 'brief' }, { ttlMs: 400 });
    expect(await two.get('1')).toEqual({ name: 'brief' });
    await new Promise((resolve) => setTimeout(resolve, 450));
    expect(await two.get('1')).toBeUndefined();
    expect(await one.get('1')).toBeUndefined();
  });

  it('loads a missing key once when 40 requests in 4 processes ask at the same time', async () => {
    const name = newName();
    const fleet: TieredCache<User>[] = [];
    for (let count = 0; count < 4; count++) fleet.push(await open(options(name)));
    let loads = 0;
    const load = async (): Promise<User> => {
      loads++;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { name: 'dear' };
    };
    const answers = await Promise.all(
      fleet.flatMap((cache) => Array.from({ length: 10 }, () => cache.fetch('1', load))),
    );
    expect(answers).toEqual(Array.from({ length: 40 }, () => ({ name: 'dear' })));
    expect(loads).toBe(1);
  });

  it('lets another process load when the one that took the load dies', async () => {
    const name = newName();
    const one = await open(options(name, { loadLockMs: 300 }));
    const two = await open(options(name, { loadLockMs: 300 }));
    const never = one.fetch('1', () => new Promise<User>(() => undefined));
    never.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await two.fetch('1', () => ({ name: 'second' }))).toEqual({ name: 'second' });
  });

  it('works without Redis from the start, and uses it when it comes', async () => {
    const port = await freePort();
    const later = own(new RedisServer(command, port));
    const cache = await open(options(newName(), { url: later.url }));
    expect(await cache.fetch('1', () => ({ name: 'alone' }))).toEqual({ name: 'alone' });
    expect(await cache.get('1')).toEqual({ name: 'alone' });
    expect(await cache.set('2', { name: 'unshared' })).toBe(false);
    expect(cache.stats().isFarUsable).toBe(false);
    await later.start();
    await eventually(() => cache.stats().isFarUsable, 'connected');
    expect(await cache.get('2')).toBeUndefined();
    expect(await cache.set('2', { name: 'shared' })).toBe(true);
  });

  it('serves copies and loads while Redis is killed, and drops every copy when it is back', async () => {
    const mortal = own(new RedisServer(command, await freePort()));
    await mortal.start();
    const cache = await open(options(newName(), { url: mortal.url }));
    await cache.set('1', { name: 'old' });
    await mortal.kill();
    await eventually(() => !cache.stats().isFarUsable, 'noticed');
    expect(await cache.get('1')).toEqual({ name: 'old' });
    expect(await cache.fetch('2', () => ({ name: 'loaded' }))).toEqual({ name: 'loaded' });
    await mortal.start();
    await eventually(() => cache.stats().isFarUsable, 'connected again');
    expect(cache.stats().gaps).toBe(1);
    expect(await cache.get('1')).toBeUndefined();
  });

  it('answers within the command timeout while Redis is frozen, then at once, and comes back', async () => {
    const frozen = own(new RedisServer(command, await freePort()));
    await frozen.start();
    const cache = await open(options(newName(), { url: frozen.url, commandTimeoutMs: 100 }));
    await cache.set('1', { name: 'held' });
    frozen.signal('SIGSTOP');
    expect(await cache.fetch('2', () => ({ name: 'a' }))).toEqual({ name: 'a' });
    for (const key of ['3', '4', '5']) await cache.fetch(key, () => ({ name: 'b' }));
    expect(cache.stats().isFarUsable).toBe(false);
    expect(await cache.get('1')).toEqual({ name: 'held' });
    frozen.signal('SIGCONT');
    await eventually(() => cache.stats().isFarUsable, 'back');
    expect(cache.stats().gaps).toBeGreaterThanOrEqual(1);
  });

  it('does not show a value changed on the other side of a cut network once the cut is noticed and healed', async () => {
    const name = newName();
    const network = own(new Network(server.port));
    const cut = await open(options(name, { url: await network.listen(), commandTimeoutMs: 100 }));
    const other = await open(options(name));
    await other.set('1', { name: 'old' });
    // The message of the first write may overtake the first read, whose copy is then not kept.
    for (let read = 0; read < 3; read++) expect(await cut.get('1')).toEqual({ name: 'old' });
    expect(cut.stats().near.count).toBe(1);
    network.cut();
    await other.set('1', { name: 'new' });
    expect(await cut.get('1')).toEqual({ name: 'old' });
    await eventually(() => !cut.stats().isFarUsable, 'noticed');
    network.heal();
    await eventually(() => cut.stats().isFarUsable, 'back');
    expect(await cut.get('1')).toEqual({ name: 'new' });
  });

  it('does not share what a loader saw before this process deleted the key', async () => {
    const name = newName();
    const one = await open(options(name));
    const two = await open(options(name));
    const gate = deferred<User>();
    const loading = one.fetch('1', () => gate.promise);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await one.delete('1')).toBe(true);
    gate.resolve({ name: 'old' });
    expect(await loading).toEqual({ name: 'old' });
    expect(await one.get('1')).toBeUndefined();
    expect(await two.get('1')).toBeUndefined();
  });

  it('does not overwrite what this process set while it loaded', async () => {
    const name = newName();
    const one = await open(options(name));
    const two = await open(options(name));
    const gate = deferred<User>();
    const loading = one.fetch('1', () => gate.promise);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await one.set('1', { name: 'new' })).toBe(true);
    gate.resolve({ name: 'old' });
    expect(await loading).toEqual({ name: 'old' });
    expect(await one.get('1')).toEqual({ name: 'new' });
    expect(await two.get('1')).toEqual({ name: 'new' });
  });

  it('does not share what a loader saw before another process deleted the key, which Redis does not have yet', async () => {
    const name = newName();
    const one = await open(options(name));
    const two = await open(options(name));
    const gate = deferred<User>();
    const loading = one.fetch('1', () => gate.promise);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await two.delete('1')).toBe(true);
    await eventually(() => one.stats().invalidations > 0, 'told of the deletion');
    gate.resolve({ name: 'old' });
    expect(await loading).toEqual({ name: 'old' });
    expect(await two.get('1')).toBeUndefined();
    expect(await one.get('1')).toBeUndefined();
  });

  it('keeps nowhere what its loader says must not be kept', async () => {
    const name = newName();
    const one = await open(options(name));
    const two = await open(options(name));
    let loads = 0;
    const load = (_key: string, { keepFor }: { readonly keepFor: (ttlMs: number) => void }): User => {
      keepFor(0);
      return { name: `once ${++loads}` };
    };
    expect(await one.fetch('1', load)).toEqual({ name: 'once 1' });
    expect(await one.fetch('1', load)).toEqual({ name: 'once 2' });
    expect(await two.get('1')).toBeUndefined();
  });

  it('writes values that live until they are invalidated', async () => {
    const name = newName();
    const one = await open(options(name, { farTtlMs: Infinity }));
    const two = await open(options(name));
    expect(await one.set('1', { name: 'for good' })).toBe(true);
    expect(await two.get('1')).toEqual({ name: 'for good' });
  });

  it('opens within 5 s while the server is frozen, and works without it', async () => {
    const frozen = own(new RedisServer(command, await freePort()));
    await frozen.start();
    frozen.signal('SIGSTOP');
    const startedMs = performance.now();
    const cache = await open(options(newName(), { url: frozen.url }));
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(await cache.fetch('1', () => ({ name: 'alone' }))).toEqual({ name: 'alone' });
    frozen.signal('SIGCONT');
    await eventually(() => cache.stats().isFarUsable, 'connected');
  });

  it.each(['commandTimeoutMs', 'loadLockMs'] as const)('refuses %s without an end', async (option) => {
    await expect(TieredCache.connect(options(newName(), { [option]: Infinity }))).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_PLIMSOLL_OPTION' }),
    );
  });
});
