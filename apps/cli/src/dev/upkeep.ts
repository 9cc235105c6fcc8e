import { loadConfiguration } from '@taskrunner/infrastructure/configuration';
import { maintainDatabase } from '@taskrunner/infrastructure/postgres';

const DAY_MS = 86_400_000;

/** Upkeep of the database at start and once a day, by what the configuration says then. */
export function keepUp(
  maintainUrl: string,
  configurationPath: string,
  onProgress: (text: string) => void,
): { stop(): Promise<void> } {
  const keepUpOnce = async (): Promise<void> => {
    const reading = await loadConfiguration(configurationPath, {});
    // The services tell what is wrong with it, and do not start.
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
