export type { Configuration } from './configuration';
export { databaseUrlOf, type DatabaseRole } from './database-urls';
export { defaultConfiguration, defaultSetting } from './default-setting';
export { describeConfiguration, printDescription } from './describe-configuration';
export { egressRulesOf } from './egress-settings';
export { isSetting, variableOf } from './environment-variables';
export {
  environmentOf,
  environmentsOf,
  isolationOf,
  profileDefaultsOf,
  retryRuleOf,
  workerMeansOf,
} from './environment-of';
export { keyPathsOf } from './key-paths';
export { configurationFileOf, loadConfiguration } from './load-configuration';
export { loadPackTrust, loadPublisherKey, type PackTrustErrorCode } from './load-pack-trust';
export { parseConfiguration, type ConfigurationReading } from './parse-configuration';
export { startWarnings } from './warnings/configuration-warnings';
export { printSample } from './sample';
