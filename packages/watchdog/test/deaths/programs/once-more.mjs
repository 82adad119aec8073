// A life that begins, looks around and ends cleanly: node once-more.mjs <folder>
import { start } from '@plimsoll/watchdog';

start({ incidentDir: process.argv[2], snapshot: 'off' }).stop();
