export {};
export {
  connectPostgres,
  openWebDatabase,
  openWorkerDatabase,
  type DatabaseOptions,
  type PostgresDatabase,
  type PostgresUrls,
  type WebDatabase,
  type WorkerDatabase,
} from './lib/postgres/databases';
export type { Backlog, PoolUse } from './lib/postgres/upkeep/backlog';
export { DatabaseError, type DatabaseErrorCode } from './lib/postgres/connection/database-error';
export { migrateDatabase, type Migrated } from './lib/postgres/schema/migrate';
export { holdRun, maintainDatabase, releaseRun, type Maintained } from './lib/postgres/upkeep/maintain';
export { backUpDatabase, type BackedUp, type BackupOptions } from './lib/postgres/backup/backup-database';
export { BackupError, type BackupErrorCode } from './lib/postgres/backup/backup-error';
export type { BackedUpTable, Manifest as BackupManifest, RowsFile } from './lib/postgres/backup/manifest';
export type { LostReference, Reference as ObjectOfRun } from './lib/postgres/backup/object-copies';
export {
  restoreDatabase,
  RESTORED_OBJECTS,
  type Incomplete,
  type RestoredDatabase,
  type RestoredObjects,
  type RestoreOptions,
} from './lib/postgres/backup/restore-database';
export { RESTORED_KEYS, type RestoredKeys } from './lib/postgres/backup/keys-needed';
export { visitActiveRuns, type ActiveKind } from './lib/postgres/workers/active-runs';
export { resumeRuns } from './lib/postgres/backup/resume-runs';
export { settleRecovered } from './lib/postgres/backup/settle-recovered';
export type { Settled, StoppedRun } from './lib/postgres/backup/settle-restored';
export type { KeptDay, Readiness } from './lib/postgres/upkeep/partitions';
export type { Retention } from './lib/postgres/upkeep/retention';
export { packedPage, unpackedPage, type PageTexts } from './lib/postgres/encoding/packed-page';
export {
  bootstrapRoles,
  createDatabase,
  databaseRoles,
  roleName,
  type DatabaseRole,
} from './lib/postgres/schema/roles';
export {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './lib/embedded-postgres/embedded-postgres';
export { ownDirectory, type DirectoryOwner } from './lib/embedded-postgres/directory-owner';
export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from './lib/embedded-postgres/embedded-postgres-error';
export { CronerCalendar } from './lib/calendar/croner-calendar';
export { FileObjectStore } from './lib/object-store/file-object-store';
export { Spool } from './lib/object-store/spool';
export { openDestinations, type DestinationChoice, type Sending } from './lib/object-store/open-destinations';
export {
  namingStore,
  openExistingObjectStore,
  openObjectStore,
  type ObjectStoreChoice,
} from './lib/object-store/open-object-store';
export {
  objectsReadiness,
  sayOutage,
  WatchedObjectStore,
  type ObjectStoreWatch,
} from './lib/object-store/watched-object-store';
export { AttestorError, type AttestorErrorCode } from './lib/attestor/attestor-error';
export { DRAFT_FILE, RemoteAttestor, type RemoteAttestorOptions } from './lib/attestor/remote-attestor';
export { bundleRootsOf } from './lib/configuration/bundle-roots';
export { keysAtHand, type KeysAtHand } from './lib/signing/keys-at-hand';
export { FileSigner } from './lib/signing/file-signer';
export { fingerprint } from './lib/signing/fingerprint';
export { generateKeyFile, loadKey, type SigningKey } from './lib/signing/key-file';
export { generateMacKeyFile, loadMacKey, MacKey } from './lib/signing/mac-key';
export {
  generateSensitiveInputsKeyFile,
  loadSensitiveInputsKey,
  SensitiveInputsKey,
} from './lib/signing/sensitive-key';
export { EnvironmentSecrets } from './lib/secrets/environment-secrets';
export { FileSecrets } from './lib/secrets/file-secrets';
export type { SigningErrorCode } from './lib/signing/signing-error';
export { verifyEd25519, verifyP256 } from './lib/signing/verify-signature';
export { BwrapSandbox } from './lib/sandbox/bwrap-sandbox';
export {
  collect,
  DEFAULT_COLLECT_LIMITS,
  type ArtifactStage,
  type CollectedArtifact,
  type DeclaredArtifact,
} from './lib/sandbox/collector';
export type { CollectLimits } from './lib/sandbox/collector-process/protocol';
export type { ChildExit, Launch, OutputReader, RunningChild } from './lib/sandbox/launch/launch';
export { OUTPUTS_FILE, readOutputs } from './lib/sandbox/workspace/outputs-file';
export { PlainSandbox } from './lib/sandbox/plain-sandbox';
export { Sandboxes, type SandboxesOptions } from './lib/sandbox/sandboxes';
export { probeSandbox, type ProbeOptions, type SandboxProbe } from './lib/sandbox/probe';
export {
  DEFAULT_LIMITS,
  Sandbox,
  type IsolationProfile,
  type SandboxedTask,
  type SandboxLimits,
} from './lib/sandbox/sandbox';
export type { SandboxErrorCode } from './lib/sandbox/launch/sandbox-error';
export { proveCgroup } from './lib/sandbox/cgroup';
export { Supervisor, type SupervisorOptions } from './lib/sandbox/supervisor';
export { watchWorkspace, type WorkspaceWatch } from './lib/sandbox/watch-workspace';
export { monotonicMs } from './lib/sandbox/supervisor-process/protocol';
export type { Tool, ToolFile } from './lib/sandbox/tool';
export {
  asFolder,
  sweepWorkspaces,
  Workspace,
  type Owner,
  type WorkspaceFile,
} from './lib/sandbox/workspace/workspace';
export { isDatabaseFault, isDatabaseUnavailable } from './lib/postgres/connection/sql-state';
export type { Configuration, IssuerConfiguration } from './lib/configuration/configuration';
export { databaseUrlsOf, type DatabaseUrls } from './lib/configuration/database-urls';
export { defaultConfiguration, defaultSetting, type DefaultsFor } from './lib/configuration/default-setting';
export { describeConfiguration, printDescription } from './lib/configuration/describe-configuration';
export {
  environmentOf,
  environmentsOf,
  isolationOf,
  profileDefaultsOf,
  retryRuleOf,
  SEALED_ISOLATION,
  workerMeansOf,
  type Build,
  type Environments,
} from './lib/configuration/environment-of';
export { kubernetesOf, podmanOf } from './lib/configuration/container-settings';
export { ContainerEngine } from './lib/container/container-engine';
export type { ContainerErrorCode } from './lib/container/container-error';
export { KubernetesEngine } from './lib/container/kubernetes-engine';
export { PodmanEngine, type ContainerSupervisor } from './lib/container/podman-engine';
export type { ContainerDependencies } from './lib/executors/step/container-dependencies';
export { egressProxyOf, egressRulesOf } from './lib/configuration/egress-settings';
export { variableOf, type Variables } from './lib/configuration/environment-variables';
export { keyPathsOf, type KeyPaths } from './lib/configuration/key-paths';
export {
  configurationFileOf,
  DEFAULT_CONFIGURATION_PATH,
  loadConfiguration,
} from './lib/configuration/load-configuration';
export { parseConfiguration, type ConfigurationReading } from './lib/configuration/parse-configuration';
export { printSample } from './lib/configuration/sample';
export { EgressProxy, type EgressProxyOptions, type EgressSocket } from './lib/egress/egress-proxy';
export type { EgressErrorCode } from './lib/egress/egress-error';
export type { EgressLimits, PlatformHost } from './lib/egress/egress-process/protocol';
export type { EgressDependencies, EgressWay } from './lib/executors/http/egress-dependencies';
export type { HttpSettings } from './lib/executors/http/http-exchange';
export { builtinExecutors, type BuiltinOptions } from './lib/executors/builtin-executors';
export type { SandboxDependencies } from './lib/executors/step/sandbox-dependencies';
export { cedarEngine } from './lib/policies/cedar-engine';
export { PlanningThreads } from './lib/planning/planning-threads';
export { CedarJudge } from './lib/policies/cedar-judge';
export { announcingOf, endpointId, endpointRule } from './lib/configuration/webhook-endpoints';
export { loadWebhookSecret } from './lib/signing/webhook-secret';
export { WebhookMessenger, type WebhookEndpoint } from './lib/webhooks/webhook-messenger';
export type { ArchiveErrorCode } from './lib/archive/archive-error';
export { readTar, readTarFiles, tarEntries, type TarEntry, type TarFile, type TarLimits } from './lib/archive/read-tar';
export { writeTar, type TarSource } from './lib/archive/write-tar';
export { loadPackTrust, loadPublisherKey, type PackTrustErrorCode } from './lib/configuration/load-pack-trust';
export {
  openRegistries,
  openRegistry,
  type RegistriesSetting,
  type RegistrySetting,
} from './lib/registry/open-registries';
export { buildArtifact, packArchive, unpackArchive, type TarCodec } from './lib/registry/pack-artifact';
export { TAR_CODEC } from './lib/archive/tar-codec';
export { runService, type StartedService } from './lib/service/run-service';
