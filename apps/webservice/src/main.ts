import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { isCodedError, type TenantId } from '@taskrunner/core';
import {
  cedarEngine,
  configurationFileOf,
  databaseUrlsOf,
  egressRulesOf,
  environmentsOf,
  EXECUTOR_BEHAVIOURS,
  isolationOf,
  keyPathsOf,
  loadConfiguration,
  loadPackTrust,
  openObjectStore,
  openRegistries,
  profileDefaultsOf,
  retryRuleOf,
  TAR_HANDS,
} from '@taskrunner/infrastructure/web';
import type { Configuration } from '@taskrunner/infrastructure';
import { Telemetry } from '@taskrunner/infrastructure/telemetry';
import type { WebserviceConfiguration } from './configuration';
import { InfrastructureModule } from './infrastructure.module';
import { VERSION } from './version';
import { startWebservice } from './webservice';

async function main(): Promise<void> {
  const reading = await loadConfiguration(undefined, process.env, 'webservice');
  if (reading.kind === 'refused') {
    const file = configurationFileOf(undefined, process.env);
    for (const { code, line, column, path, message, remediation } of reading.faults) {
      const place = line === null ? `${file}${path === '' ? '' : `#${path}`}` : `${file}:${line}:${column ?? 1}`;
      process.stderr.write(`${code} ${place} ${message}\nhelp: ${remediation}\n`);
    }
    process.exit(1);
  }
  const telemetry = await Telemetry.open(reading.configuration.telemetry, { name: 'webservice', version: VERSION });
  const configuration = await webserviceConfiguration(reading.configuration);
  const infrastructure = await InfrastructureModule.open(configuration, telemetry);
  const webservice = await startWebservice(configuration, infrastructure);
  process.stdout.write(`${JSON.stringify({ ready: 'webservice', url: webservice.url, health: webservice.health })}\n`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void webservice
      .stop()
      .then(() => telemetry.close())
      .then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (process.env['TASKRUNNER_PARENT_WATCH'] === '1') process.stdin.resume().on('end', stop).on('close', stop);
}

function refusalsOf({ audit }: Configuration): WebserviceConfiguration['refusals'] {
  const { every, most, tenant } = audit.refusals;
  return { every, most, tenant: tenant as TenantId | null };
}

async function webserviceConfiguration(configuration: Configuration): Promise<WebserviceConfiguration> {
  const { http, database, authority, artifacts, approvals, sandbox, scheduler, secrets, limits } = configuration;
  const { webUrl } = await databaseUrlsOf(configuration);
  const isolation = isolationOf(configuration);
  if (!webUrl || isolation === null) throw new TypeError('the configuration was not read for a webservice');
  const { admission, ledger, checkpoint, sensitiveInputs } = keyPathsOf(configuration);
  const signsCheckpoints = checkpoint.required || existsSync(checkpoint.path);
  const sensitiveKey = sensitiveInputs.required || existsSync(sensitiveInputs.path) ? sensitiveInputs.path : null;
  const packTrust = await loadPackTrust(configuration);
  const environments = environmentsOf(configuration, { isolation, executors: EXECUTOR_BEHAVIOURS, packTrust });
  const shelves = await openRegistries(configuration.packsRegistry, TAR_HANDS);
  return {
    http,
    database: {
      url: webUrl,
      connections: database.poolSize,
      statementTimeoutMs: database.statementTimeout,
      allowUnsafe: database.allowUnsafe,
    },
    authority: { ...authority, programs: approvals.actors, people: approvals.people },
    objects: await openObjectStore(artifacts),
    objectProbe: artifacts.probe,
    uploads: artifacts.uploads,
    keys: { admission, ledger, sensitiveInputs: sensitiveKey },
    refusals: refusalsOf(configuration),
    checkpoints: signsCheckpoints ? { key: checkpoint.path, every: configuration.audit.checkpointEvery } : null,
    setting: {
      environment: environments.usual,
      sealedEnvironment: environments.sealed,
      configuration: {
        defaults: profileDefaultsOf(configuration),
        retries: retryRuleOf(configuration),
        grants: approvals.grants,
        secrets: {},
        interpreters: sandbox.interpreters,
        egress: egressRulesOf(configuration),
        sensitiveInputs: sensitiveKey !== null,
        policyEngines: { cedar: cedarEngine },
      },
      bindings: secrets.bindings,
    },
    planning: {
      memory: limits.planMemory,
      time: limits.planTime,
      threads: limits.planThreads,
      queue: limits.planQueue,
    },
    packs: { shelves, trust: packTrust },
    limits: http.limits,
    scheduler,
  };
}

main().catch((error: unknown) => {
  const told = isCodedError(error)
    ? `${error.code} ${error.message}\nhelp: ${error.remediation}`
    : `WEBSERVICE_FAILED ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${told}\n`);
  process.exit(1);
});
