import type * as Yaml from 'yaml';
import type { Json } from '@taskrunner/core/foundation';

/** A value as YAML, without a trailing line break. The library is loaded on first use, because services print none. */
export function printYaml(value: Json, options: Yaml.ToStringOptions): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { stringify } = require('yaml') as typeof Yaml;
  return stringify(value, options).trimEnd();
}
