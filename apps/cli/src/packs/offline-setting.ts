import {
  BUILTIN_EXECUTORS,
  readPack,
  packFilesOf,
  type PackSource,
  type PlanningSetting,
  type ReadPack,
} from '@taskrunner/core';
import {
  cedarEngine,
  defaultSetting,
  egressRulesOf,
  environmentOf,
  environmentsOf,
  isolationOf,
  loadConfiguration,
  loadPackTrust,
  profileDefaultsOf,
  retryRuleOf,
} from '@taskrunner/infrastructure';
import { CliError } from '../terminal/cli-error';

/** How to plan without a server. */
export interface OfflineOptions {
  /** Configuration file of the installation that the pack is for. */
  readonly config?: string;
  /** Assume that steps are sealed. */
  readonly sealed?: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What a plan goes by where no server is asked. With a configuration file: that installation. Without: `defaultSetting`.
 */
export async function offlineSetting(
  source: PackSource,
  options: OfflineOptions,
  env: Variables,
): Promise<PlanningSetting> {
  const policyEngines = { cedar: cedarEngine };
  const named = options.config ?? env['TASKRUNNER_CONFIG'];
  if (!named) return defaultSetting({ pack: packOf(source), isSealed: options.sealed, policyEngines });
  const reading = await loadConfiguration(named, ownVariables(env));
  if (reading.kind === 'refused')
    throw new CliError(
      'CLI_FILE',
      `the configuration ${named} is invalid`,
      'Correct the listed errors.',
      reading.faults,
    );
  const { configuration } = reading;
  const build = {
    isolation: isolationOf(configuration) ?? 'bwrap-open/v2',
    executors: BUILTIN_EXECUTORS,
    packTrust: await loadPackTrust(configuration),
  };
  const environments = environmentsOf(configuration, build);
  return {
    environment: options.sealed ? environmentOf(configuration, build, 'sealed') : environments.usual,
    sealedEnvironment: environments.sealed,
    configuration: {
      defaults: profileDefaultsOf(configuration),
      retries: retryRuleOf(configuration),
      interpreters: configuration.sandbox.interpreters,
      policyEngines,
      egress: options.sealed ? [{ scheme: '*', host: '*', port: '*' }] : egressRulesOf(configuration),
      grants: configuration.approvals.grants,
      secrets: {},
      sensitiveInputs: true,
    },
    bindings: configuration.secrets.bindings,
  };
}

/** The pack as far as it can be read. */
function packOf(source: PackSource): ReadPack | undefined {
  const read = readPack(source.manifest, packFilesOf(source.files));
  return read.kind === 'read' ? read : read.partial?.read;
}

/** Without those of the client, which configure no server. */
function ownVariables(env: Variables): Variables {
  const mine = /^TASKRUNNER_(SERVER|TOKEN|TOKEN_FILE|CONFIG)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !mine.test(name)));
}
