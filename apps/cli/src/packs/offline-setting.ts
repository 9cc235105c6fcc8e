import { readDocument } from '@taskrunner/core/document';
import { isCodedError, isJsonArray } from '@taskrunner/core/foundation';
import { packFilesOf, type PackSource, type PlanningSetting } from '@taskrunner/core/operations';
import { readPack, type ReadPack } from '@taskrunner/core/pack';
import { BUILTIN_EXECUTORS, checkExtensions, type ExecutorDescriptor } from '@taskrunner/core/plan';
import {
  defaultSetting,
  egressRulesOf,
  environmentOf,
  environmentsOf,
  isolationOf,
  loadConfiguration,
  loadPackTrust,
  profileDefaultsOf,
  retryRuleOf,
} from '@taskrunner/infrastructure/configuration';
import { cedarEngine } from '@taskrunner/infrastructure/policies';
import { CliError } from '../terminal/cli-error';
import { bytesOf } from './pack-argument';
import { refuseSpecialFile } from '../files/special-file';

/** Options for planning without a server. */
export interface OfflineOptions {
  /** Configuration file of the target installation. */
  readonly config?: string;
  /** Assume sealed steps. */
  readonly sealed?: boolean;
  /** File with a list of descriptors of executors that the installation has added. */
  readonly executors?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Settings of a plan without a server. With a configuration file: those of that installation. Without: `defaultSetting`. */
export async function offlineSetting(
  source: PackSource,
  options: OfflineOptions,
  env: Variables,
): Promise<PlanningSetting> {
  const policyEngines = { cedar: cedarEngine };
  const named = options.config ?? env['TASKRUNNER_CONFIG'];
  const added = options.executors === undefined ? [] : await readDescriptors(options.executors);
  const executors = [...BUILTIN_EXECUTORS, ...added];
  if (!named) return defaultSetting({ pack: packOf(source), isSealed: options.sealed, policyEngines, executors });
  refuseSpecialFile(named);
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
    executors,
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

/** Descriptors in a file. Throws `CLI_FILE`. */
async function readDescriptors(path: string): Promise<readonly ExecutorDescriptor[]> {
  const remediation = 'Write a list of descriptors. docs/guides/extending.md describes their members.';
  const refused = (what: string, help = remediation, cause?: unknown): CliError =>
    new CliError('CLI_FILE', `${path} ${what}`, help, [], { cause });
  const bytes = await bytesOf(path);
  const reading = readDocument(bytes);
  if (reading.kind === 'refused') throw refused('is neither JSON nor YAML');
  if (!isJsonArray(reading.value)) throw refused('is not a list');
  const descriptors = reading.value as unknown as readonly ExecutorDescriptor[];
  try {
    checkExtensions(descriptors);
  } catch (error) {
    if (isCodedError(error)) throw refused(`is refused: ${error.message}`, error.remediation, error);
    throw error;
  }
  return descriptors;
}

/** The pack as far as it can be read. */
function packOf(source: PackSource): ReadPack | undefined {
  const read = readPack(source.manifest, packFilesOf(source.files));
  return read.kind === 'read' ? read : read.partial?.read;
}

/** Without the variables of the client, which do not configure a server. */
function ownVariables(env: Variables): Variables {
  const mine = /^TASKRUNNER_(SERVER|TOKEN|TOKEN_FILE|CONFIG)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !mine.test(name)));
}
