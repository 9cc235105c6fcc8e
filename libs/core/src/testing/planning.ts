import type { PackFiles } from '../lib/pack/pack-files';
import { NO_FILES } from '../lib/pack/pack-files';
import { readPack } from '../lib/pack/read-pack';
import type { JsonObject } from '../lib/foundation/json';
import type { Fault } from '../lib/foundation/fault';
import { builtinBehaviours } from '../lib/plan/builtin-executors';
import { buildPlan } from '../lib/planner/build-plan';
import type { PlanConfiguration, Planned, Planning, PlanRequest } from '../lib/plan/plan-request';
import type { Environment } from '../lib/plan/profile';
import { MACHINE_VERSION } from '../lib/run/run-state';
import { testDefaults, testFloor } from './random/random-plan';

/** An open environment that asks for nothing. */
export const testEnvironment: Environment = {
  schema: 'taskrunner.environment.v1',
  machine: MACHINE_VERSION,
  mode: 'open',
  isolation: 'none',
  limits: {},
  approvals: { floor: testFloor },
  packTrust: {},
  engines: { cel: 1, jmespath: 1 },
  executors: builtinBehaviours(),
  extensions: {},
};

/** A configuration with one grant, two interpreters and no secrets. */
export const testConfiguration: PlanConfiguration = {
  defaults: testDefaults,
  grants: ['role:sec-lead'],
  secrets: {},
  interpreters: ['bash', 'python3'],
  egress: [],
  sensitiveInputs: false,
};

/** A pack's text around a list of steps; `more` are further members of `spec`. */
export function packText(steps: string, more = ''): string {
  const indented = (text: string, by: string): string =>
    text
      .trim()
      .split('\n')
      .map((line) => by + line)
      .join('\n');
  const extra = more.trim() === '' ? '' : `${indented(more, '  ')}\n`;
  return `apiVersion: stellaops.io/pack.v1\nkind: TaskPack\nmetadata: { name: test, version: 1.0.0 }\nspec:\n${extra}  steps:\n${indented(steps, '    ')}\n`;
}

/** Files that a test pack holds. */
export function packFiles(contents: Readonly<Record<string, string>>): PackFiles {
  return {
    paths: () => Object.keys(contents),
    read: (path) => (Object.hasOwn(contents, path) ? new TextEncoder().encode(contents[path]) : null),
    executable: () => false,
  };
}

/** Reads and plans a manifest; faults of reading come back as faults of planning. */
export function plan(
  text: string,
  inputs: JsonObject = {},
  more: Partial<Omit<PlanRequest, 'pack' | 'inputs'>> = {},
): Planning {
  const files = more.files ?? NO_FILES;
  const pack = readPack(text, files);
  if (pack.kind === 'refused') return { ...pack, warnings: [] };
  return buildPlan({
    pack,
    files,
    inputs,
    environment: testEnvironment,
    configuration: testConfiguration,
    source: text,
    ...more,
  });
}

/** A plan that must succeed. */
export function planned(
  text: string,
  inputs: JsonObject = {},
  more: Partial<Omit<PlanRequest, 'pack' | 'inputs'>> = {},
): Planned {
  const planning = plan(text, inputs, more);
  if (planning.kind === 'refused') throw new Error(planning.faults.map(shownFault).join('\n'));
  return planning;
}

/** Faults as `CODE line:column message`. */
export function shownFault({ code, line, column, path, message }: Fault): string {
  return `${code} ${line === null ? path : `${line}:${column}`} ${message}`;
}

/** The faults of a plan that must be refused, as `CODE line:column`. */
export function faultsOf(
  text: string,
  inputs: JsonObject = {},
  more: Partial<Omit<PlanRequest, 'pack' | 'inputs'>> = {},
): readonly string[] {
  const planning = plan(text, inputs, more);
  return planning.kind === 'refused' ? planning.faults.map(shownFault) : [];
}

/** The codes alone. */
export function codesOf(
  text: string,
  inputs: object = {},
  more: Parameters<typeof faultsOf>[2] = {},
): readonly string[] {
  return faultsOf(text, inputs as JsonObject, more).map((fault) => fault.split(' ')[0] ?? '');
}
