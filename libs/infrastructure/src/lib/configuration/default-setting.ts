import { assumedFor, type PlanningSetting } from '@taskrunner/core/operations';
import type { ReadPack } from '@taskrunner/core/pack';
import { BUILTIN_EXECUTORS, builtinBehaviours, type Environment, type ExecutorDescriptor } from '@taskrunner/core/plan';
import type { PolicyEngines } from '@taskrunner/core/policy';
import type { Configuration } from './configuration';
import { environmentOf, environmentsOf, isolationOf, profileDefaultsOf, retryRuleOf } from './environment-of';
import { packTrustOf } from './load-pack-trust';
import { parseConfiguration } from './parse-configuration';

/** Options of the defaults. */
interface DefaultsFor {
  /** The pack: its grants and secrets are assumed to be available. */
  readonly pack?: ReadPack | undefined;
  /** Assume that every run is sealed. */
  readonly isSealed?: boolean | undefined;
  /** Policy engines besides CEL. */
  readonly policyEngines?: PolicyEngines;
  /** The executors that are assumed to be available; default: those of this release. */
  readonly executors?: readonly ExecutorDescriptor[];
}

/** The default configuration of an installation. */
export function defaultConfiguration(): Configuration {
  const reading = parseConfiguration('');
  if (reading.kind === 'refused') throw new TypeError('the defaults contradict each other');
  return reading.configuration;
}

/**
 * Settings for planning without an installation: the default configuration and its environment. What only an installation can know (grants,
 * bound secrets, trusted publishers, destinations, a container engine) is assumed to be as the pack requires. The plan hash depends on none
 * of it.
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
      ...assumedFor(pack, configuration.approvals.grants),
    },
  };
}

function assumedIn({ packTrust, destinations: _destinations, ...environment }: Environment): Environment {
  const { bundleRoots: _roots, ...rest } = packTrust;
  return { ...environment, packTrust: rest, executors: { ...environment.executors, ...builtinBehaviours() } };
}
