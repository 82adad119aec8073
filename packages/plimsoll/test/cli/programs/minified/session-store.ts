interface Session {
  readonly id: number;
  readonly user: string;
}

const sessions = new Map<number, Session>();

export function openSession(id: number): Session {
  const session = { id, user: `user ${id}` };
  sessions.set(id, session);
  return session;
}

/** Keeps the minifier from seeing that nothing reads the sessions. */
export function findSession(id: number): Session | undefined {
  return sessions.get(id);
}
