export {
  formatBytes,
  gib,
  isPlimsollError,
  kib,
  mib,
  onPressure,
  PlimsollError,
  type PressureEvent,
  registerHolder,
} from '@plimsoll/memory';
export { type IncidentRecord, readIncident } from '@plimsoll/watchdog';
