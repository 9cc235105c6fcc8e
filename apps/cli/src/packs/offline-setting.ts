import {
  readPack,
  packFilesOf,
  type Environment,
  type PackSource,
  type PlanningSetting,
  type ReadPack,
} from '@taskrunner/core';
import {
  cedarEngine,
  egressRulesOf,
  environmentOf,
  environmentsOf,
  EXECUTOR_BEHAVIOURS,
  isolationOf,
  loadConfiguration,
  loadPackTrust,
  parseConfiguration,
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
 * What a plan goes by where no server is asked. With a configuration file: that installation. Without: the defaults, and what only an
 * installation can know (grants, bound secrets) is assumed as the pack asks for it. The plan hash depends on none of it.
 */
export async function offlineSetting(
  source: PackSource,
  options: OfflineOptions,
  env: Variables,
): Promise<PlanningSetting> {
  const variables = ownVariables(env);
  const named = options.config ?? env['TASKRUNNER_CONFIG'];
  const reading = named ? await loadConfiguration(named, variables) : parseConfiguration('', {});
  if (reading.kind === 'refused')
    throw new CliError(
      'CLI_FILE',
      `the configuration ${named ?? ''} has faults`,
      'Correct what is listed.',
      reading.faults,
    );
  const { configuration } = reading;
  const build = {
    isolation: isolationOf(configuration) ?? 'bwrap-open/v2',
    executors: EXECUTOR_BEHAVIOURS,
    packTrust: await loadPackTrust(configuration),
  };
  const environments = environmentsOf(configuration, build);
  const shown = (environment: Environment) => (named ? environment : assumedIn(environment));
  const { grants } = configuration.approvals;
  const read = readPack(source.manifest, packFilesOf(source.files));
  const pack = read.kind === 'read' ? read : read.salvaged?.read;
  return {
    environment: shown(options.sealed ? environmentOf(configuration, build, 'sealed') : environments.usual),
    sealedEnvironment: environments.sealed && shown(environments.sealed),
    configuration: {
      defaults: profileDefaultsOf(configuration),
      retries: retryRuleOf(configuration),
      interpreters: configuration.sandbox.interpreters,
      policyEngines: { cedar: cedarEngine },
      egress: named && !options.sealed ? egressRulesOf(configuration) : [{ scheme: '*', host: '*', port: '*' }],
      ...(named || pack === undefined ? { grants, secrets: {}, sensitiveInputs: true } : assumedOf(pack, grants)),
    },
    ...(named ? { bindings: configuration.secrets.bindings } : {}),
  };
}

/** Which publishers are trusted, where evidence may go and whether there is a container engine only an installation knows. */
function assumedIn({ packTrust, destinations: _destinations, ...environment }: Environment): Environment {
  const { bundleRoots: _roots, ...rest } = packTrust;
  return { ...environment, packTrust: rest, executors: { ...EXECUTOR_BEHAVIOURS } };
}

function assumedOf({ pack }: ReadPack, grants: readonly string[]) {
  const { approvals, secrets } = pack.spec;
  return {
    grants: [...new Set([...grants, ...approvals.flatMap((approval) => approval.grants)])],
    secrets: Object.fromEntries(secrets.map(({ name }) => [name, { provider: 'assumed', requireGate: false }])),
    sensitiveInputs: true,
  };
}

/** Without those of the client, which configure no server. */
function ownVariables(env: Variables): Variables {
  const mine = /^TASKRUNNER_(SERVER|TOKEN|TOKEN_FILE|CONFIG)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !mine.test(name)));
}
