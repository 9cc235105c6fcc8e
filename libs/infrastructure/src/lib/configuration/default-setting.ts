import type { PlanningSetting } from '@taskrunner/core/operations';
import type { ReadPack } from '@taskrunner/core/pack';
import {
  BUILTIN_EXECUTORS,
  builtinBehaviours,
  type Environment,
  type ExecutorDescriptor,
  type PlanConfiguration,
} from '@taskrunner/core/plan';
import type { PolicyEngines } from '@taskrunner/core/policy';
import type { Configuration } from './configuration';
import { environmentOf, environmentsOf, isolationOf, profileDefaultsOf, retryRuleOf } from './environment-of';
import { packTrustOf } from './load-pack-trust';
import { parseConfiguration } from './parse-configuration';

/** What defaults are asked for. */
interface DefaultsFor {
  /** The pack that asks: its grants and secrets are assumed to be there. */
  readonly pack?: ReadPack | undefined;
  /** Assume that every run is sealed. */
  readonly isSealed?: boolean | undefined;
  /** Engines of policies beside CEL. */
  readonly policyEngines?: PolicyEngines;
  /** The executors that are assumed to be there; those of this release unless told. */
  readonly executors?: readonly ExecutorDescriptor[];
}

/** The configuration of an installation that configures nothing. */
export function defaultConfiguration(): Configuration {
  const reading = parseConfiguration('');
  if (reading.kind === 'refused') throw new TypeError('the defaults contradict each other');
  return reading.configuration;
}

/**
 * What a plan goes by where there is no installation to ask: the default configuration and its environment. What only an installation can
 * know (grants, bound secrets, trusted publishers, destinations, a container engine) is assumed as the pack asks for it. The plan hash
 * depends on none of it.
 */
export function defaultSetting({
  pack,
  isSealed = false,
  policyEngines = {},
  executors = BUILTIN_EXECUTORS,
}: DefaultsFor = {}): PlanningSetting {
  const configuration = defaultConfiguration();
  const build = {
    isolation: isolationOf(configuration) ?? 'bwrap-open/v2',
    executors,
    packTrust: packTrustOf(configuration, []),
  };
  const { usual, sealed } = environmentsOf(configuration, build);
  return {
    environment: assumedIn(isSealed ? environmentOf(configuration, build, 'sealed') : usual),
    sealedEnvironment: sealed && assumedIn(sealed),
    configuration: {
      defaults: profileDefaultsOf(configuration),
      retries: retryRuleOf(configuration),
      interpreters: configuration.sandbox.interpreters,
      policyEngines,
      egress: [{ scheme: '*', host: '*', port: '*' }],
      sensitiveInputs: true,
      ...assumedOf(pack, configuration.approvals.grants),
    },
  };
}

function assumedIn({ packTrust, destinations: _destinations, ...environment }: Environment): Environment {
  const { bundleRoots: _roots, ...rest } = packTrust;
  return { ...environment, packTrust: rest, executors: { ...environment.executors, ...builtinBehaviours() } };
}

function assumedOf(
  read: ReadPack | undefined,
  grants: readonly string[],
): Pick<PlanConfiguration, 'grants' | 'secrets'> {
  if (read === undefined) return { grants, secrets: {} };
  const { approvals, secrets } = read.pack.spec;
  return {
    grants: [...new Set([...grants, ...approvals.flatMap((approval) => approval.grants)])],
    secrets: Object.fromEntries(secrets.map(({ name }) => [name, { provider: 'assumed', requireGate: false }])),
  };
}
