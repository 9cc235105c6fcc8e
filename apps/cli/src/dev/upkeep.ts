import { loadConfiguration } from '@taskrunner/infrastructure/configuration';
import { maintainDatabase } from '@taskrunner/infrastructure/postgres';

const DAY_MS = 86_400_000;

/** Maintains the database at start and once a day, according to the configuration at that time. */
export function keepUp(
  maintainUrl: string,
  configurationPath: string,
  onProgress: (text: string) => void,
): { stop(): Promise<void> } {
  const keepUpOnce = async (): Promise<void> => {
    const reading = await loadConfiguration(configurationPath, {});
    // The services report faults of the configuration and do not start.
    if (reading.kind === 'read') await maintainDatabase(maintainUrl, reading.configuration.retention);
  };
  let last: Promise<void>;
  const next = (): void => {
    last = keepUpOnce().catch((error: unknown) => onProgress(`database maintenance failed: ${String(error)}`));
  };
  next();
  const timer = setInterval(next, DAY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return last;
    },
  };
}
