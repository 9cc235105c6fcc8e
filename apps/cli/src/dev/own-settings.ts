import { readFile } from 'node:fs/promises';
import { readDocument } from '@taskrunner/core/document';
import { isJsonObject, type Fault, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { isSetting, parseConfiguration, variableOf } from '@taskrunner/infrastructure/configuration';
import { DevError } from './dev-error';
import { refuseSpecialFile } from '../files/special-file';

/** Configuration of a stack: sections with their keys, and the keys that are in no section. */
export type Settings = Readonly<Record<string, unknown>>;

/** Keys that the stack sets itself, because its parts depend on them. */
const RESERVED: readonly (readonly [path: readonly string[], remedy: string])[] = [
  [['http', 'host'], 'The stack listens on loopback only.'],
  [['http', 'port'], 'Use --port.'],
  ...['ownerUrl', 'maintainUrl', 'webUrl', 'workerUrl', 'auditUrl'].map(
    (key) => [['database', key], 'The stack has its own database.'] as const,
  ),
  [['database', 'kind'], 'Use --storage.'],
  [['database', 'folder'], 'Use --storage file, and --keep-data to choose the folder of all data.'],
  [['authority', 'development'], 'The stack has its own Authority.'],
  [['artifacts', 'root'], 'Use --keep-data to choose the folder of all data.'],
  [['sandbox', 'workDirectory'], 'Use --keep-data to choose the folder of all data.'],
  [['keys', 'folder'], 'The stack makes its own keys.'],
];

/** Lists to which a file adds. Other values replace those of the stack. */
const ADDED: readonly string[] = ['authority.issuers', 'approvals.grants', 'approvals.actors', 'sandbox.roots'];

/** Settings of the services of a stack besides its own. */
export interface OwnSettings {
  readonly settings: Settings;
  /** Environment variables that override keys of the configuration. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The settings of the file at `path` (undefined: no file) and of environment variables. Throws `DEV_CONFIG_INVALID`. */
export async function readOwnSettings(
  path: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<OwnSettings> {
  if (path === undefined) return ownSettings('', env);
  refuseSpecialFile(path);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new DevError(
      'DEV_CONFIG_INVALID',
      `the file ${path} of --config cannot be read (${error.code ?? error.message})`,
      'Pass a readable configuration file.',
    );
  });
  return ownSettings(text, env);
}

/**
 * Settings from a configuration file (empty: none) and from environment variables. Throws `DEV_CONFIG_INVALID` with all errors, those of
 * reserved keys (`DEV_CONFIG_RESERVED`) among them.
 */
export function ownSettings(text: string, env: Readonly<Record<string, string | undefined>>): OwnSettings {
  const document = readDocument(text);
  const settings = document.kind === 'read' && isJsonObject(document.value) ? document.value : {};
  const names = Object.entries(env).filter(([name, value]) => value && isSetting(name));
  const variables = Object.fromEntries(names) as Record<string, string>;
  const faults: Fault[] = [];
  for (const [path, remediation] of RESERVED) {
    const place = `/${path.join('/')}`;
    const fault = (message: string): Omit<Fault, 'line' | 'column'> => ({
      ...{ code: 'DEV_CONFIG_RESERVED', path: place, message, remediation },
    });
    if (document.kind === 'read' && valueAt(settings, path) !== undefined)
      faults.push({
        ...fault(`${path.join('.')} is set by \`taskrunner dev\` itself.`),
        ...document.keyPositionOf(place),
      });
    const variable = variableOf(path);
    if (Object.hasOwn(variables, variable))
      faults.push({ ...fault(`${variable} is set by \`taskrunner dev\` itself.`), line: null, column: null, path: '' });
  }
  const reading = parseConfiguration(text, variables);
  if (reading.kind === 'refused') faults.push(...reading.faults);
  if (faults.length > 0)
    throw new DevError(
      'DEV_CONFIG_INVALID',
      faults.length === 1 ? 'the configuration has one error' : `the configuration has ${faults.length} errors`,
      'Correct the errors listed below. Nothing was started.',
      faults,
    );
  return { settings, variables };
}

/** The configuration of a stack with further settings. */
export function withSettings(stack: Settings, own: Settings): Settings {
  const merged: Record<string, unknown> = { ...stack };
  for (const [name, value] of Object.entries(own)) {
    const before = merged[name];
    merged[name] = isSection(before) && isSection(value) ? withKeys(name, before, value) : value;
  }
  return merged;
}

function withKeys(section: string, before: Settings, own: Settings): Settings {
  const keys = Object.entries(own).map(([key, value]) => [key, added(`${section}.${key}`, before[key], value)]);
  return { ...before, ...(Object.fromEntries(keys) as Settings) };
}

function isSection(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function added(key: string, before: unknown, value: unknown): unknown {
  if (!ADDED.includes(key) || !Array.isArray(before) || !Array.isArray(value)) return value;
  return [...(before as unknown[]), ...(value as unknown[])];
}

function valueAt(value: JsonObject, [first = '', ...rest]: readonly string[]): Json | undefined {
  const inner = Object.hasOwn(value, first) ? value[first] : undefined;
  if (rest.length === 0 || inner === undefined) return inner;
  return isJsonObject(inner) ? valueAt(inner, rest) : undefined;
}
