import { randomBytes } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isJsonObject, type Json } from '@taskrunner/core/foundation';
import { CliError } from '../terminal/cli-error';
import { configFolder } from './config-folder';
import { checkFolder, PRIVATE_MODE, readPrivate } from './private-file';
import { makeFolders } from '@taskrunner/infrastructure/files';

/** Tokens of a person for a server. */
export interface Session {
  readonly access: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Null: the issuer gave none, so a new sign-in is needed at the end. */
  readonly refresh: string | null;
}

/** A server with what a sign-in at its issuer needs, under a name. */
export interface ServerContext {
  readonly server: string;
  /** Null: the server is asked for it. */
  readonly issuer: string | null;
  readonly clientId: string | null;
  readonly scopes: readonly string[] | null;
  /** Resource indicator (RFC 8707). */
  readonly resource: string | null;
  readonly session: Session | null;
}

/** All contexts of this user. */
export interface Contexts {
  /** Name of the context that commands use by default. */
  readonly current: string | null;
  readonly contexts: Readonly<Record<string, ServerContext>>;
}

const NO_CONTEXTS: Contexts = { current: null, contexts: {} };

const SCHEMA = 'taskrunner.contexts.v1';
const NAME = 'contexts.json';
/** A lock that is older belongs to a process that was killed, milliseconds. A request to the issuer takes less. */
const STALE_LOCK_MS = 60_000;
const LOCK_PAUSE_MS = 50;

type Variables = Readonly<Record<string, string | undefined>>;

/** The file with the contexts and tokens of this user: only this user may read it, and it is replaced as a whole. */
export class ContextFile {
  /** Absolute; null: the environment names no home, so there is no file. */
  readonly path: string | null;

  constructor(env: Variables) {
    const folder = configFolder(env);
    this.path = folder === null ? null : join(folder, NAME);
  }

  /** Throws `CLI_CONTEXTS_UNSAFE` if others may read or replace the file, and `CLI_CONTEXTS_INVALID` if it is none of this version. */
  async read(): Promise<Contexts> {
    if (this.path === null) return NO_CONTEXTS;
    await checkFolder(dirname(this.path));
    const text = await readPrivate(this.path);
    return text === null ? NO_CONTEXTS : parse(this.path, text);
  }

  /**
   * Changes the file. One process at a time: `change` gets what is stored now, and its result is stored. Throws like `read`, and `CLI_USAGE`
   * if there is no home.
   */
  async update(change: (contexts: Contexts) => Contexts | Promise<Contexts>): Promise<Contexts> {
    const { path } = this;
    if (path === null)
      throw new CliError('CLI_USAGE', 'there is no folder for contexts', 'Set HOME or XDG_CONFIG_HOME.');
    await makeFolders(dirname(path), { mode: 0o700 });
    await checkFolder(dirname(path));
    const unlock = await lock(`${path}.lock`);
    try {
      const before = await this.read();
      const after = await change(before);
      if (after !== before) await replace(path, `${JSON.stringify({ schema: SCHEMA, ...after }, null, 2)}\n`);
      return after;
    } finally {
      await unlock();
    }
  }
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    // `wx`: nobody has put a file or a link in its place.
    await writeFile(draft, text, { mode: PRIVATE_MODE, flag: 'wx', flush: true });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Takes a lock file. Returns what releases it. */
async function lock(path: string): Promise<() => Promise<void>> {
  const own = `${process.pid} ${randomBytes(6).toString('hex')}`;
  for (;;) {
    try {
      await writeFile(path, own, { mode: PRIVATE_MODE, flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== 'EEXIST') throw error;
    }
    const since = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Infinity,
    );
    if (Date.now() - since > STALE_LOCK_MS) await rm(path, { force: true });
    await delay(LOCK_PAUSE_MS);
  }
}

/** Throws `CLI_CONTEXTS_INVALID`. */
function parse(path: string, text: string): Contexts {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw invalid(path, 'it is not JSON', error);
  }
  if (!isJsonObject(value) || value['schema'] !== SCHEMA) throw invalid(path, `its schema is not ${SCHEMA}`);
  const { current = null, contexts } = value;
  if (!isJsonObject(contexts ?? null) || !(current === null || typeof current === 'string'))
    throw invalid(path, 'a member is missing or has another type');
  const entries = Object.entries(contexts as Readonly<Record<string, Json>>);
  return {
    current,
    contexts: Object.fromEntries(entries.map(([name, found]) => [name, contextOf(path, name, found)])),
  };
}

function contextOf(path: string, name: string, value: Json): ServerContext {
  const wrong = (): CliError => invalid(path, `the context ${name} has a member of another type`);
  if (!isJsonObject(value)) throw wrong();
  const { server, issuer = null, clientId = null, scopes = null, resource = null, session = null } = value;
  const isText = (one: Json): one is string | null => one === null || typeof one === 'string';
  if (typeof server !== 'string' || !isText(issuer) || !isText(clientId) || !isText(resource)) throw wrong();
  if (scopes !== null && !(Array.isArray(scopes) && scopes.every((one) => typeof one === 'string'))) throw wrong();
  if (session === null) return { server, issuer, clientId, scopes, resource, session };
  if (!isJsonObject(session)) throw wrong();
  const { access, expiresAt, refresh = null } = session;
  if (typeof access !== 'string' || typeof expiresAt !== 'number' || !isText(refresh)) throw wrong();
  return { server, issuer, clientId, scopes, resource, session: { access, expiresAt, refresh } };
}

function invalid(path: string, what: string, cause?: unknown): CliError {
  return new CliError(
    'CLI_CONTEXTS_INVALID',
    `${path} cannot be used: ${what}`,
    'Correct the file, or delete it and sign in again with `taskrunner login`.',
    [],
    { cause },
  );
}
