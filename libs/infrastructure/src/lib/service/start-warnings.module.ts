import type { FactoryProvider } from '@nestjs/common';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import { CONFIGURATION } from '../configuration/configuration.module';
import { startWarnings } from '../configuration/warnings/configuration-warnings';
import { Telemetry } from '../telemetry/telemetry';

const START_WARNINGS = token<readonly string[]>('warnings of the configuration at the start');

/** Logs each warning of the configuration once, when a process starts. Its value is their codes. */
export const START_WARNINGS_PROVIDER: FactoryProvider = provide(
  START_WARNINGS,
  { configuration: CONFIGURATION, telemetry: Telemetry },
  async ({ configuration, telemetry }) => {
    const warnings = await startWarnings(configuration);
    for (const { code, path, message, remediation } of warnings)
      telemetry.log.say('warn', 'configuration.warning', {
        code,
        key: path.slice(1).replaceAll('/', '.'),
        reason: message,
        remediation,
      });
    return warnings.map(({ code }) => code);
  },
);
