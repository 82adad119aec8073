import { processEnvironment } from '@plimsoll/memory';

/**
 * The environment as the user set it: bin/plimsoll takes `NODE_OPTIONS` away from this command, so that a preload or a heap size meant for the service does not
 * act on it, and hands it over under another name.
 */
export function userEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...processEnvironment() };
  const handedOver = environment['PLIMSOLL__NODE_OPTIONS'];
  if (handedOver === undefined) return environment;
  delete environment['PLIMSOLL__NODE_OPTIONS'];
  if (handedOver === '') delete environment['NODE_OPTIONS'];
  else environment['NODE_OPTIONS'] = handedOver;
  return environment;
}
