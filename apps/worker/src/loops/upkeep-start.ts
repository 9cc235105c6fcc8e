/**
 * Pause before the first round of what is done beside runs, milliseconds. New connections have planned no statement yet, so the first rounds
 * of all loops together would take longer than the first step of a run that waits.
 */
export const UPKEEP_AFTER_MS = 500;
