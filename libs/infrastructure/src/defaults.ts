// An entry of its own: who plans packs without an installation needs the defaults of one, and loads nothing of what runs them.
export type { Configuration } from './lib/configuration/configuration';
export { defaultConfiguration, defaultSetting, type DefaultsFor } from './lib/configuration/default-setting';
export {
  environmentOf,
  environmentsOf,
  isolationOf,
  profileDefaultsOf,
  retryRuleOf,
  SEALED_ISOLATION,
  type Build,
  type Environments,
} from './lib/configuration/environment-of';
export type { Variables } from './lib/configuration/environment-variables';
export { packTrustOf } from './lib/configuration/load-pack-trust';
export { parseConfiguration, type ConfigurationReading } from './lib/configuration/parse-configuration';
