// Responses of fetch whose bodies nobody reads: `PARTNER_URL=… node fetch.mjs <MB per second>`. Each holds its 64 kB and its connection.
import { keepWithinBound } from './innocent.mjs';

const perSecond = Number(process.argv[2] ?? 20) * 1e6;
const url = process.env.PARTNER_URL;
const checked = [];

async function checkPartner() {
  const response = await fetch(url);
  // The status is all that is wanted: the body stays where it is.
  checked.push(response);
}

let owed = 0;
let inFlightCount = 0;
setInterval(() => {
  for (owed += perSecond / 64_000 / 50; owed >= 1; owed -= 1) {
    if (inFlightCount > 200) continue;
    inFlightCount += 1;
    checkPartner()
      .catch(() => {})
      .finally(() => (inFlightCount -= 1));
  }
  keepWithinBound(50);
}, 20);
