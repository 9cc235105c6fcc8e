import type * as Yaml from 'yaml';
import type { Json } from '@taskrunner/core/foundation';

/** A value as YAML, without a line break at the end. The library is loaded with the first: services print none. */
export function printYaml(value: Json, options: Yaml.ToStringOptions): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { stringify } = require('yaml') as typeof Yaml;
  return stringify(value, options).trimEnd();
}
