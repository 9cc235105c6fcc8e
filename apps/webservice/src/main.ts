import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { isCodedError } from '@taskrunner/core';
import {
  databaseUrlsOf,
  environmentOf,
  EXECUTOR_BEHAVIOURS,
  isolationOf,
  keyPathsOf,
  loadConfiguration,
  profileDefaultsOf,
  type Configuration,
} from '@taskrunner/infrastructure';
import type { LogLevel } from '@nestjs/common';
import { REQUEST_LIMITS, type WebserviceConfiguration } from './configuration';
import { InfrastructureModule } from './infrastructure.module';
import { startWebservice } from './webservice';

async function main(): Promise<void> {
  const reading = await loadConfiguration(undefined, process.env);
  if (reading.kind === 'refused') {
    for (const { code, line, column, path, message, remediation } of reading.faults) {
      process.stderr.write(`${code} ${line ?? ''}:${column ?? ''} ${path} ${message}\nhelp: ${remediation}\n`);
    }
    process.exit(1);
  }
  const { logLevel } = reading.configuration.telemetry;
  const configuration = await webserviceConfiguration(reading.configuration);
  const infrastructure = await InfrastructureModule.open(configuration, (error) => {
    process.stderr.write(
      `${JSON.stringify({ level: 'warn', event: 'database.connection-lost', reason: error.message })}\n`,
    );
  });
  const webservice = await startWebservice(configuration, infrastructure, LOG_LEVELS[logLevel]);
  process.stdout.write(`${JSON.stringify({ ready: 'webservice', url: webservice.url, health: webservice.health })}\n`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void webservice.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (process.env['TASKRUNNER_PARENT_WATCH'] === '1') process.stdin.resume().on('end', stop).on('close', stop);
}

const LOG_LEVELS: Readonly<Record<Configuration['telemetry']['logLevel'], LogLevel[]>> = {
  error: ['error', 'fatal'],
  warn: ['warn', 'error', 'fatal'],
  info: ['warn', 'error', 'fatal'],
  debug: ['log', 'warn', 'error', 'fatal', 'debug'],
  trace: ['log', 'warn', 'error', 'fatal', 'debug', 'verbose'],
};

async function webserviceConfiguration(configuration: Configuration): Promise<WebserviceConfiguration> {
  const { http, database, authority, artifacts, approvals, sandbox, secrets } = configuration;
  const { webUrl } = await databaseUrlsOf(configuration);
  if (!webUrl) throw new TypeError('database.webUrl is not configured');
  const isolation = isolationOf(configuration);
  // A worker can try what the machine allows; here the environment of runs is promised before one has them.
  if (isolation === null)
    throw new TypeError('sandbox.profile is auto: the webservice needs to know it, write bwrap or none');
  const { admission, ledger, sensitiveInputs } = keyPathsOf(configuration);
  const sensitiveKey = sensitiveInputs.required || existsSync(sensitiveInputs.path) ? sensitiveInputs.path : null;
  return {
    http,
    database: { url: webUrl, connections: database.poolSize, allowUnsafe: database.allowUnsafe },
    authority,
    objectRoot: artifacts.root,
    keys: { admission, ledger, sensitiveInputs: sensitiveKey },
    setting: {
      environment: environmentOf(configuration, { isolation, executors: EXECUTOR_BEHAVIOURS }),
      configuration: {
        defaults: profileDefaultsOf(configuration),
        grants: approvals.grants,
        secrets: {},
        interpreters: sandbox.interpreters,
        egress: [],
        sensitiveInputs: sensitiveKey !== null,
      },
      bindings: secrets.bindings,
    },
    limits: REQUEST_LIMITS,
  };
}

main().catch((error: unknown) => {
  const told = isCodedError(error)
    ? `${error.code} ${error.message}\nhelp: ${error.remediation}`
    : `WEBSERVICE_FAILED ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${told}\n`);
  process.exit(1);
});
