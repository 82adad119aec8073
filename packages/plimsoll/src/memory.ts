// What a service uses of `@plimsoll/memory`, as the namespace `memory`: `memory.onPressure(…)`, `memory.registerHolder(…)`.
export {
  listHolders,
  onPressure,
  pressureLevel,
  readMemory,
  reclaim,
  registerHolder,
  resolveMemoryLimit,
  setHolderBudget,
} from '@plimsoll/memory';
