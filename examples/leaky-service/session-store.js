// The leak: a session is added at every login and nothing ever takes one away.
import { randomUUID } from 'node:crypto';

const sessions = new Map();

export function addSession(user) {
  const token = randomUUID();
  const cart = [];
  for (let slot = 0; slot < 128; slot += 1)
    cart.push({ slot, product: null, quantity: 0, note: `slot ${slot}` });
  const session = { token, user, createdAt: new Date(), seen: [], cart };
  sessions.set(token, session);
  return session;
}

export function findSession(token) {
  return sessions.get(token);
}

export function sessionCount() {
  return sessions.size;
}
