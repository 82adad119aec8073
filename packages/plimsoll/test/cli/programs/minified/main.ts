import { RequestLog } from './request-log.ts';
import { findSession, openSession } from './session-store.ts';

const log = new RequestLog();
let served = 0;

function serve(): void {
  for (let i = 0; i < 1200; i += 1) {
    const session = openSession((served += 1));
    log.note(session.user);
  }
  if (findSession(0) !== undefined) throw new Error(log.last);
}

setInterval(serve, 10);
