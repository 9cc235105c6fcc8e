import { readDocument } from '@taskrunner/core/document';
import { nearestName, type Fault, type Json } from '@taskrunner/core/foundation';
import { CONFIGURATION } from './configuration';
import { placeless } from './configuration-fault';
import { listKeys, type Key } from './key';

/** Variables as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The value of a variable, and the key to which it belongs. */
export interface Override {
  readonly variable: string;
  readonly path: readonly string[];
  readonly value: Json;
}

/** Most characters in which a variable outside of all sections differs from a key that it is taken for. */
const TYPING_ERROR = 2;

/** Variables with secrets may have any name after this. */
const SECRET = 'TASKRUNNER_SECRET_';

/** Names that Kubernetes gives to addresses of services in the same namespace. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_.*)?)?)$/;

/** `approvals.floor.minApprovals` → `TASKRUNNER_APPROVALS_FLOOR_MIN_APPROVALS`. */
export function variableOf(path: readonly string[]): string {
  const words = path.map((part) => part.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase());
  return ['TASKRUNNER', ...words].join('_');
}

/** True for a variable that the services read, or refuse as unknown. Those of the command line, such as `TASKRUNNER_SERVER`, are not. */
export function isSetting(variable: string): boolean {
  if (isInSection(variable) || Object.keys(CONFIGURATION).some((name) => variable === variableOf([name]))) return true;
  return isMistyped(variable, keysByVariable());
}

function keysByVariable(): ReadonlyMap<string, { readonly path: readonly string[]; readonly key: Key<unknown> }> {
  return new Map(listKeys(CONFIGURATION).map(([path, key]) => [variableOf(path), { path, key }]));
}

function isInSection(variable: string): boolean {
  return Object.keys(CONFIGURATION).some((name) => variable.startsWith(`${variableOf([name])}_`));
}

/**
 * Overrides by environment variables. A text is used unchanged; numbers, booleans and lists are parsed as YAML or JSON; an empty variable
 * counts as unset. A variable with the prefix of a section that names no key is a fault, so that typing errors are detected, as is one that differs from a
 * key in two characters. Other variables with the prefix are not of the configuration.
 */
export function readVariables(env: Variables): {
  readonly overrides: readonly Override[];
  readonly faults: readonly Fault[];
  /** Pointers of keys whose variable cannot be parsed. */
  readonly refused: readonly string[];
} {
  const keys = keysByVariable();
  const overrides: Override[] = [];
  const faults: Fault[] = [];
  const refused: string[] = [];
  for (const [variable, value] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const known = keys.get(variable);
    if (value === undefined || value === '') continue;
    if (known === undefined && !isInSection(variable) && !isMistyped(variable, keys)) continue;
    if (known !== undefined) {
      const read = readValue(known.key, value);
      if (read === undefined) {
        const at = `/${known.path.join('/')}`;
        refused.push(at);
        faults.push(placeless('CONFIG_FORMAT', at, `The environment variable ${variable} is neither YAML nor JSON.`));
      } else overrides.push({ variable, path: known.path, value: read });
    } else if (!SERVICE_LINK.test(variable)) {
      const near = nearestName(variable, keys.keys());
      const remedy = near === null ? undefined : `Did you mean ${near}?`;
      faults.push(
        placeless(
          'CONFIG_VARIABLE_UNKNOWN',
          '',
          `The environment variable ${variable} does not match any key.`,
          remedy,
        ),
      );
    }
  }
  return { overrides, faults, refused };
}

function isMistyped(variable: string, keys: ReadonlyMap<string, unknown>): boolean {
  if (!variable.startsWith('TASKRUNNER_') || variable.startsWith(SECRET)) return false;
  return nearestName(variable, keys.keys(), TYPING_ERROR) !== null;
}

function readValue(key: Key<unknown>, value: string): Json | undefined {
  if (key.kind.isText) return value;
  const document = readDocument(value);
  return document.kind === 'read' ? document.value : undefined;
}
