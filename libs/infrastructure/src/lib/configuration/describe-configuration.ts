import type { Json } from '@taskrunner/core/foundation';
import { CONFIGURATION, type Configuration } from './configuration';
import type { Fields, ValueOf } from './key';
import { printYaml } from './yaml-text';

/** The configuration for logs, in the form of the file. Every value that may contain a password is redacted. */
export function describeConfiguration(configuration: Configuration): Json {
  return described(CONFIGURATION, configuration);
}

/** The same as YAML text. */
export function printDescription(configuration: Configuration): string {
  return printYaml(describeConfiguration(configuration), { lineWidth: 0 });
}

function described<F extends Fields>(fields: F, value: ValueOf<F>): Json {
  return Object.fromEntries(
    Object.entries(fields).map(([name, entry]): [string, Json] => {
      const part = value[name];
      if (entry.is === 'section') return [name, described(entry.fields, part as ValueOf<Fields>)];
      const printed = entry.kind.print(part);
      return [name, entry.kind.isSecret === true && typeof printed === 'string' ? withoutSecrets(printed) : printed];
    }),
  );
}

/** A URL without its password and its parameters, which may contain one too. */
function withoutSecrets(text: string): string {
  const url = new URL(text);
  if (url.password !== '') url.password = 'redacted';
  if (url.search !== '') url.search = '?redacted';
  return url.href;
}
