import { readDocument } from '@taskrunner/core/document';
import { isJsonObject, sortFaults, type Fault, type Json } from '@taskrunner/core/foundation';
import { checkConfiguration, type Reader } from './check-configuration';
import { CONFIGURATION, type Configuration } from './configuration';
import { placeless, REMEDIES, type Notes, type Warn } from './configuration-fault';
import { readVariables, type Override, type Variables } from './environment-variables';
import { readFields } from './key';

/** A configuration, or all of its faults. */
export type ConfigurationReading =
  | { readonly kind: 'read'; readonly configuration: Configuration; readonly warnings: readonly Fault[] }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] };

/**
 * Reads a configuration file (YAML or JSON; an empty one is all defaults) and the variables that override it, for `reader`. Pure. Reports
 * all faults together, those of variables first, then in line order. No fault contains a value that may be secret.
 */
export function parseConfiguration(
  source: string,
  env: Variables = {},
  reader: Reader = 'anybody',
): ConfigurationReading {
  return readingOf(collectConfiguration(source, env, reader));
}

/** A configuration with the faults that were found so far. A further check adds its faults to `notes`. */
interface CollectedConfiguration {
  /** Absent if the file is no document. With faults, it has defaults in place of refused values. */
  readonly configuration?: Configuration;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  readonly notes: Notes;
}

/** The result of all checks. */
export function readingOf({ configuration, faults, warnings }: CollectedConfiguration): ConfigurationReading {
  return configuration === undefined || faults.length > 0
    ? { kind: 'refused', faults: sortFaults([...faults]) }
    : { kind: 'read', configuration, warnings: sortFaults([...warnings]) };
}

/** Like `parseConfiguration`, for a caller that checks more. */
export function collectConfiguration(source: string, env: Variables, reader: Reader): CollectedConfiguration {
  const reading = readDocument(source);
  const document = reading.kind === 'refused' ? reading.partial : reading;
  const variables = readVariables(env);
  const faults: Fault[] = [...variables.faults, ...(reading.kind === 'refused' ? reading.faults : [])];
  const warnings: Fault[] = [];
  if (document === undefined) return { faults, warnings, notes: { fault: () => undefined, warn: () => undefined } };
  const overridden = new Map(variables.overrides.map((one) => [`/${one.path.join('/')}`, one.variable]));
  const refused = new Set<string>(variables.refused);
  const noteIn = (list: Fault[], [code, at, message, remediation]: Parameters<Warn>): void => {
    const variable = [...overridden].find(([place]) => at === place || at.startsWith(`${place}/`))?.[1];
    if (variable !== undefined) {
      list.push(placeless(code, at, `${message} The value comes from ${variable}.`, remediation));
    } else {
      const position = code === 'CONFIG_UNKNOWN_KEY' ? document.keyPositionOf(at) : document.positionOf(at);
      list.push({ code, path: at, ...position, message, remediation: remediation ?? REMEDIES[code] });
    }
  };
  const configuration = readFields(CONFIGURATION, withOverrides(document.value, variables.overrides), '', {
    fault: (code, at, message, remediation, involved = [at]) => {
      for (const place of involved) refused.add(place);
      noteIn(faults, [code, at, message, remediation]);
    },
    warn: () => undefined,
  });
  const notes: Notes = {
    fault: (code, at, message, remediation, involved = [at]) => {
      if (!involved.some((place) => [...refused].some((one) => overlap(one, place))))
        noteIn(faults, [code, at, message, remediation]);
    },
    warn: (...warning) => noteIn(warnings, warning),
  };
  checkConfiguration(configuration, notes, reader);
  return { configuration, faults, warnings, notes };
}

/** True if one place equals the other or is inside it. */
function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

function withOverrides(value: Json, overrides: readonly Override[]): Json {
  return overrides.reduce((result, override) => put(result, override.path, override.value), value);
}

/** A copy with one value replaced. A value in the path that has no keys is kept, so that the reader refuses it. */
function put(target: Json, [first, ...rest]: readonly string[], value: Json): Json {
  if (first === undefined) return value;
  const entries = target ?? {};
  if (!isJsonObject(entries)) return target;
  return { ...entries, [first]: put(Object.hasOwn(entries, first) ? (entries[first] ?? null) : null, rest, value) };
}
