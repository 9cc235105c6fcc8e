// An entry of its own: the webservice runs no steps, and does not load what sandboxes, containers and the egress proxy are made of.
export { openWebDatabase } from './lib/postgres/databases';
export { isDatabaseUnavailable } from './lib/postgres/sql-state';
export { CronerCalendar } from './lib/calendar/croner-calendar';
export { openObjectStore } from './lib/object-store/open-object-store';
export {
  objectsReadiness,
  sayOutage,
  WatchedObjectStore,
  type ObjectStoreWatch,
} from './lib/object-store/watched-object-store';
export { FileSigner } from './lib/signing/file-signer';
export { loadSensitiveInputsKey } from './lib/signing/sensitive-key';
export { databaseUrlsOf } from './lib/configuration/database-urls';
export { egressRulesOf } from './lib/configuration/egress-settings';
export { environmentsOf, isolationOf, profileDefaultsOf, retryRuleOf } from './lib/configuration/environment-of';
export { keyPathsOf } from './lib/configuration/key-paths';
export { configurationFileOf, loadConfiguration } from './lib/configuration/load-configuration';
export { loadPackTrust } from './lib/configuration/load-pack-trust';
export { EXECUTOR_BEHAVIOURS } from './lib/executors/behaviours';
export { cedarEngine } from './lib/policies/cedar-engine';
export { PlanningThreads } from './lib/planning/planning-threads';
export { WorkThreads } from './lib/planning/work-threads';
export { readTarFiles } from './lib/archive/read-tar';
export { TAR_HANDS } from './lib/archive/tar-hands';
export { openRegistries } from './lib/registry/open-registries';
