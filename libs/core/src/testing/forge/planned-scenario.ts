import type { JsonObject } from '../../lib/foundation/json';
import { EXPRESSION_BEHAVIOUR } from '../../lib/expression/expression';
import type { PackFiles } from '../../lib/pack/pack-files';
import { readPack, type ReadPack } from '../../lib/pack/read-pack';
import { buildPlan } from '../../lib/planner/build-plan';
import { builtinBehaviours } from '../../lib/plan/builtin-executors';
import type { Planned } from '../../lib/plan/plan-request';
import type { Environment } from '../../lib/plan/profile';
import { CEL_BEHAVIOUR } from '../../lib/policy/policy';
import { MACHINE_VERSION } from '../../lib/run/run-state';
import { JSON_SCHEMA_BEHAVIOUR } from '../../lib/schema/keyword';
import { testConfiguration } from '../planning';
import { testFloor } from '../random/random-plan';
import type { Lies, Scenario } from './scenario';

/** The builder id of the worker that runs it. */
export function builderOf(scenario: Scenario): string {
  return `https://stellaops.io/taskrunner/builders/${scenario.environment?.mode ?? 'open'}/v1`;
}

function filesOf({ files = {} }: Scenario): PackFiles {
  return {
    paths: () => Object.keys(files),
    read: (path) => (Object.hasOwn(files, path) ? new TextEncoder().encode(files[path]) : null),
    executable: (path) => path.endsWith('.sh'),
  };
}

/** The pack, read. Throws a `TypeError` with all faults. */
export function readOf(scenario: Scenario): ReadPack {
  const read = readPack(scenario.pack, filesOf(scenario));
  if (read.kind === 'refused') throw new TypeError(`${scenario.name}: ${JSON.stringify(read.faults)}`);
  return read;
}

/** The environment that it is admitted in. */
export function environmentOf(scenario: Scenario): Environment {
  return {
    schema: 'taskrunner.environment.v1',
    machine: MACHINE_VERSION,
    mode: 'open',
    isolation: scenario.environment?.mode === 'sealed' ? 'bwrap-sealed/v1' : 'bwrap-open/v2',
    limits: {},
    approvals: { floor: testFloor },
    packTrust: {},
    engines: { cel: CEL_BEHAVIOUR, jmespath: EXPRESSION_BEHAVIOUR, 'json-schema': JSON_SCHEMA_BEHAVIOUR },
    executors: builtinBehaviours(),
    extensions: {},
    ...scenario.environment,
  };
}

/** Its plan. Throws a `TypeError` with all faults. */
export function planOf(scenario: Scenario, pack: ReadPack): Planned {
  const grants = Object.fromEntries(
    Object.keys(scenario.secrets ?? {}).map((name) => [name, { provider: 'vault', requireGate: false }]),
  );
  const planning = buildPlan({
    pack,
    files: filesOf(scenario),
    inputs: scenario.inputs ?? {},
    environment: environmentOf(scenario),
    configuration: { ...testConfiguration, secrets: grants, sensitiveInputs: true, ...scenario.configuration },
  });
  if (planning.kind === 'refused') throw new TypeError(`${scenario.name}: ${JSON.stringify(planning.faults)}`);
  return planning;
}

/** Attacks that every probe tries. */
const TRIED = [
  'TCP of this machine over IPv4',
  'UDP of this machine over IPv4',
  'an abstract socket of this machine',
  'the metadata address',
  'vsock',
  'packet sockets',
  'raw sockets',
  'io_uring',
];

/** The document that a worker's probe of its sandbox made. */
export function probeOf(scenario: Scenario, lies: Lies): JsonObject {
  const { isolation, mode } = environmentOf(scenario);
  const one = (profile: string): JsonObject => ({
    profile,
    available: true,
    reason: null,
    sandbox: { profile, namespaces: ['ipc', 'mount', 'net', 'pid', 'uts'] },
    tried: TRIED,
  });
  const profiles = mode === 'sealed' ? [one('bwrap-open/v2'), one(isolation)] : [one(isolation)];
  const document: JsonObject = { schema: 'taskrunner.probe.v1', profiles };
  return lies.probe?.(document) ?? document;
}
