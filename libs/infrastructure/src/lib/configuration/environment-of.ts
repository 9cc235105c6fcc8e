import { digestOf } from '@taskrunner/core/canonical';
import { EXPRESSION_BEHAVIOUR } from '@taskrunner/core/expression';
import type { Subject } from '@taskrunner/core/foundation';
import {
  builtinNamed,
  DEFAULT_MAX_FILES,
  type ApprovalFloor,
  type Environment,
  type ExecutorDescriptor,
  type ProfileDefaults,
  type RetryRule,
} from '@taskrunner/core/plan';
import { CEDAR_BEHAVIOUR, CEL_BEHAVIOUR } from '@taskrunner/core/policy';
import type { PackTrustPolicy, WorkerMeans } from '@taskrunner/core/publisher';
import { MACHINE_VERSION } from '@taskrunner/core/run';
import { JSON_SCHEMA_BEHAVIOUR } from '@taskrunner/core/schema';
import { boundRootsOf } from './bundle-roots';
import type { Configuration } from './configuration';
import { boundDestinationsOf } from './destinations';
import { boundEgressOf, egressRulesOf } from './egress-settings';
import { DEFAULT_TMPFS } from './sections/sandbox';

/** What the build and the start of a process add to its configuration. */
export interface Build {
  /** Sandbox profile of open runs: the configured one, or the probe's choice for `auto`; see `isolationOf`. */
  readonly isolation: string;
  /** The executors of this build, and those that a platform team adds. */
  readonly executors: readonly ExecutorDescriptor[];
  /** The trust policy for packs: `loadPackTrust`. */
  readonly packTrust: PackTrustPolicy;
}

/** Sandbox profile of every sealed run. */
export const SEALED_ISOLATION = 'bwrap-sealed/v1';

/** The configured sandbox profile of open runs; null for `auto`, in which case a probe decides at start. */
export function isolationOf(configuration: Configuration): 'bwrap-open/v2' | 'none/v1' | null {
  const { profile } = configuration.sandbox;
  return profile === 'auto' ? null : profile === 'bwrap' ? 'bwrap-open/v2' : 'none/v1';
}

/** The environments that an installation offers. */
export interface Environments {
  /** For runs whose pack does not request to be sealed. */
  readonly usual: Environment;
  /** For runs whose pack requests it; null: this installation does not seal. The same as `usual` if every run is sealed. */
  readonly sealed: Environment | null;
}

export function environmentsOf(configuration: Configuration, build: Build): Environments {
  const { enabled, required } = configuration.sealedMode;
  const sealed = enabled ? environmentOf(configuration, build, 'sealed') : null;
  return { usual: required && sealed ? sealed : environmentOf(configuration, build), sealed };
}

/**
 * The capabilities of a worker with this configuration. `isolations`: those that its probe has shown to hold; null: all that it is supposed
 * to have.
 */
export function workerMeansOf(
  configuration: Configuration,
  build: Build,
  { isolations, configuredAt }: { readonly isolations: readonly string[] | null } & Pick<WorkerMeans, 'configuredAt'>,
): WorkerMeans {
  const { usual, sealed } = environmentsOf(configuration, build);
  const environments = [...new Set(sealed === null ? [usual] : [usual, sealed])];
  return {
    environments,
    isolations: isolations ?? environments.map(({ isolation }) => isolation),
    egress: egressRulesOf(configuration),
    packTrust: build.packTrust,
    configuredAt,
  };
}

/** The environment document (docs/glossary.md, environment). It depends only on configuration and build. */
export function environmentOf(
  configuration: Configuration,
  build: Build,
  mode: 'open' | 'sealed' = 'open',
): Environment {
  const { floor } = configuration.approvals;
  const egress = boundEgressOf(configuration);
  return {
    schema: 'taskrunner.environment.v1',
    machine: MACHINE_VERSION,
    mode,
    isolation: mode === 'sealed' ? SEALED_ISOLATION : build.isolation,
    limits: {
      artifactMaxBytes: configuration.artifacts.maxBytes,
      ...environmentDefaultsOf(configuration),
      ...retryLimits(configuration),
      ...tmpfsLimits(configuration),
    },
    approvals: {
      floor: {
        minApprovals: floor.minApprovals,
        selfApproval: floor.selfApproval,
        maxExpiresAfterMs: floor.maxExpiresAfter,
        maxAuthAgeMs: floor.maxAuthAge,
        proof: floor.proof,
        ...actorsOf(configuration),
      },
    },
    // A digest, because the document is in every bundle and the rules name tenants.
    packTrust: {
      policy: digestOf(build.packTrust),
      bundleRoots: boundRootsOf(configuration),
    },
    ...(egress && { egress }),
    destinations: boundDestinationsOf(configuration),
    engines: {
      cel: CEL_BEHAVIOUR,
      cedar: CEDAR_BEHAVIOUR,
      jmespath: EXPRESSION_BEHAVIOUR,
      'json-schema': JSON_SCHEMA_BEHAVIOUR,
    },
    ...executorsOf(configuration, build.executors, mode),
  };
}

/**
 * Programs that may act for persons, in a fixed order. The member is absent if there are none, so that other environments keep their
 * digests.
 */
function actorsOf({ approvals: { actors } }: Configuration): Pick<ApprovalFloor, 'actors'> {
  if (actors.length === 0) return {};
  const keyOf = ({ iss, sub }: Subject): string => JSON.stringify([iss, sub]);
  const inOrder = [...actors].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return { actors: inOrder.map(({ iss, sub }) => ({ iss, sub })) };
}

/**
 * The executors of this installation. Containers need an engine, and no worker can prove that a cluster seals them. Executors of a platform
 * team run in the worker, where nothing seals them. They are available in a sealed environment only if their descriptor states that they
 * observe its rules.
 */
function executorsOf(
  { container: { engine } }: Configuration,
  all: Build['executors'],
  mode: Environment['mode'],
): Pick<Environment, 'executors' | 'extensions'> {
  const isThere = ({ uses, sealed }: ExecutorDescriptor): boolean => {
    if (uses === 'builtin:container') return engine === 'podman' || (engine === 'kubernetes' && mode === 'open');
    return builtinNamed(uses) !== null || mode === 'open' || sealed === true;
  };
  const there = all.filter(isThere);
  return {
    executors: Object.fromEntries(there.map(({ uses, behaviour }) => [uses, behaviour])),
    extensions: Object.fromEntries(
      there.filter(({ uses }) => builtinNamed(uses) === null).map((one) => [one.uses, one]),
    ),
  };
}

/** Defaults of the environment. */
export function profileDefaultsOf(configuration: Configuration): Omit<ProfileDefaults, 'retries'> {
  const { approvals, limits, sandbox, worker } = configuration;
  return {
    maxParallel: limits.maxParallel,
    expiresAfterMs: approvals.expiresAfter,
    executeWithinMs: approvals.executeWithin,
    runTimeoutMs: limits.runTimeout,
    cleanupTimeoutMs: limits.cleanupTimeout,
    attemptTimeoutMs: limits.attemptTimeout,
    stopGraceMs: worker.stopGrace,
    workspaceMiB: sandbox.limits.workspaceMiB,
    memoryMiB: sandbox.limits.memoryMiB,
    maxProcesses: sandbox.limits.maxProcesses,
    logBytes: limits.logBytes,
    logBytesPerSecond: limits.logRate,
    messageCharacters: limits.messageCharacters,
    // Absent if it has its default value: the member was added later, and environments without it keep their digests.
    ...(sandbox.limits.maxFiles === DEFAULT_MAX_FILES ? {} : { maxFiles: sandbox.limits.maxFiles }),
  };
}

/** The defaults in the environment. The length of messages is in the profile of runs that have one, and other digests stay as they are. */
function environmentDefaultsOf(configuration: Configuration): Environment['limits'] {
  const { messageCharacters: _inProfiles, ...others } = profileDefaultsOf(configuration);
  return others;
}

/** Sizes of file systems in memory, if they differ from the defaults: these members were added later too. */
function tmpfsLimits({ sandbox: { limits } }: Configuration): { readonly [name: string]: number } {
  const names = ['tmpMiB', 'shmMiB'] as const;
  return Object.fromEntries(
    names.filter((name) => limits[name] !== DEFAULT_TMPFS[name]).map((name) => [name, limits[name]]),
  );
}

/** Default number of attempts, and the maximum that a pack may state. */
export function retryRuleOf({ retries }: Configuration): RetryRule {
  const { maxAttempts, backoff, maxBackoff, cap } = retries;
  return {
    maxAttempts,
    backoffMs: backoff,
    maxBackoffMs: maxBackoff,
    cap: { maxAttempts: cap.maxAttempts, maxBackoffMs: cap.maxBackoff },
  };
}

function retryLimits(configuration: Configuration): { readonly [name: string]: number } {
  const { maxAttempts, backoffMs, maxBackoffMs, cap } = retryRuleOf(configuration);
  return {
    retryMaxAttempts: maxAttempts,
    retryBackoffMs: backoffMs,
    retryMaxBackoffMs: maxBackoffMs,
    retryCapAttempts: cap.maxAttempts,
    retryCapBackoffMs: cap.maxBackoffMs,
  };
}
