import { key, type ValueOf } from './key';
import { oneOf } from './kinds';
import { attestor } from './sections/attestor';
import { approvals } from './sections/approvals';
import { artifacts } from './sections/artifacts';
import { audit } from './sections/audit';
import { authority } from './sections/authority';
import { container } from './sections/container';
import { database } from './sections/database';
import { http } from './sections/http';
import { keys } from './sections/keys';
import { limits } from './sections/limits';
import { policies } from './sections/policies';
import { retention } from './sections/retention';
import { retries } from './sections/retries';
import { packsRegistry } from './sections/packs-registry';
import { sandbox } from './sections/sandbox';
import { scheduler } from './sections/scheduler';
import { sealedMode } from './sections/sealed-mode';
import { secrets } from './sections/secrets';
import { telemetry } from './sections/telemetry';
import { webConsole } from './sections/web-console';
import { webhooks } from './sections/webhooks';
import { worker } from './sections/worker';

/**
 * All keys. The parser, the environment variables, the sample and the description come from this one table.
 */
export const CONFIGURATION = {
  profile: key(
    oneOf('standard', 'production'),
    'standard',
    'Installation profile. production: only a remote Attestor signs run statements, and a worker that can read a run-signing key does not start.',
    'standard | production',
  ),
  http,
  console: webConsole,
  database,
  authority,
  packsRegistry,
  attestor,
  artifacts,
  approvals,
  audit,
  policies,
  webhooks,
  retries,
  sealedMode,
  sandbox,
  secrets,
  container,
  keys,
  worker,
  scheduler,
  limits,
  telemetry,
  retention,
};

/** The configuration of one installation: durations are milliseconds, sizes bytes. */
export type Configuration = ValueOf<typeof CONFIGURATION>;
/** An endpoint for notifications. */
export type WebhookConfiguration = Configuration['webhooks']['endpoints'][number];
/** A trusted issuer of tokens. */
export type IssuerConfiguration = Configuration['authority']['issuers'][number];
