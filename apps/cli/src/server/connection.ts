import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ContextFile } from '../session/context-file';
import { contextFor, contextNamed, currentContext, type NamedContext } from '../session/contexts';
import { sessionToken } from '../session/session-token';
import { CliError } from '../terminal/cli-error';
import type { Server } from './server';
import { refuseSpecialFile } from '../files/special-file';

/** Connection options of a command that talks to a server. */
export interface ConnectionOptions {
  readonly server?: string;
  readonly token?: string;
  readonly context?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Adds the options. None is required, because every process of the machine can see tokens on a command line. */
export function withConnection(command: Command): Command {
  return command
    .option(
      '--server <url>',
      'URL of the server (default: the server of --context, then TASKRUNNER_SERVER, then the server of the current context)',
    )
    .option(
      '--context <name>',
      'context with a server and a sign-in (default: TASKRUNNER_CONTEXT, then the current context)',
    )
    .option('--token <token>', 'bearer token; prefer login, TASKRUNNER_TOKEN_FILE or TASKRUNNER_TOKEN');
}

/**
 * The server for options, environment variables and contexts, in this order. The token of a context is sent to its server only. Throws
 * `CLI_SERVER_MISSING`, `CLI_TOKEN_MISSING`, `CLI_FILE`, `CLI_USAGE` and the errors of contexts.
 */
export async function connect(options: ConnectionOptions, env: Variables): Promise<Server> {
  const server = await connectIfNamed(options, env);
  if (server !== null) return server;
  throw noServer('no server is set');
}

/** Without a server, a run is executed by the command, and kept ones are read. */
export function noServer(message: string): CliError {
  return new CliError(
    'CLI_SERVER_MISSING',
    message,
    'Sign in with `taskrunner login --server URL`, use --server URL or set TASKRUNNER_SERVER. `taskrunner dev` starts a local server. Without a server, `taskrunner run PACK --keep` runs a pack; list, show, logs, wait, outputs, gates, artifacts, evidence and rerun then read the kept run.',
  );
}

/** As `connect`; null: neither options, variables nor contexts name a server. */
export async function connectIfNamed(options: ConnectionOptions, env: Variables): Promise<Server | null> {
  const file = new ContextFile(env);
  const found = await serverOf(options, env, file);
  if (found === null) return null;
  const token = await tokenOf(options, env, { file, ...found });
  return openServer(found.url, token);
}

/** A server with the token of a caller. Loads the client, which the help does without. */
export async function openServer(url: string, token: () => Promise<string>): Promise<Server> {
  const { Server: Remote } = await import('./server.js');
  return new Remote(url, token);
}

/** A server, with the context that names it; null: an option or a variable names it. */
interface FoundServer {
  readonly url: string;
  readonly context: NamedContext | null;
}

/** The server that is meant; null: none is named. */
async function serverOf(options: ConnectionOptions, env: Variables, file: ContextFile): Promise<FoundServer | null> {
  const named = options.context === undefined ? null : contextNamed(await file.read(), options.context);
  if (options.server !== undefined) {
    const url = serverUrl(options.server);
    if (named !== null && named.server !== url)
      throw new CliError(
        'CLI_USAGE',
        `the context ${named.name} is for ${named.server}`,
        'Use either --server or --context.',
      );
    return { url, context: named };
  }
  if (named !== null) return { url: named.server, context: named };
  const stated = env['TASKRUNNER_SERVER'];
  if (stated) return { url: serverUrl(stated), context: null };
  const context = currentContext(await file.read(), env);
  return context === null ? null : { url: context.server, context };
}

/** Throws `CLI_USAGE`. */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
    throw new CliError(
      'CLI_USAGE',
      'the server must be an http or https URL',
      'Use a URL such as https://runner.example.org.',
    );
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}

/** What a token is looked for with. */
interface TokenPlace extends FoundServer {
  readonly file: ContextFile;
}

/** What returns the token: a stated one, or that of a context, which is renewed. */
async function tokenOf(
  options: ConnectionOptions,
  env: Variables,
  { file, url, context }: TokenPlace,
): Promise<() => Promise<string>> {
  // A context that an option names is stronger than a variable.
  const isNamed = options.context !== undefined;
  const stated = options.token === undefined ? undefined : { token: options.token, source: '--token' };
  const found = stated ?? (isNamed ? undefined : await tokenOfEnvironment(env));
  if (found !== undefined) {
    const checked = bearer(found);
    return () => Promise.resolve(checked);
  }
  const contexts = await file.read();
  const signedIn = isNamed ? context : contextFor(contexts, url, context ?? currentContext(contexts, env));
  if (signedIn?.session == null) throw missing(signedIn);
  return sessionToken(file, signedIn);
}

/** A token, and what holds it. */
interface StatedToken {
  readonly token: string;
  readonly source: string;
}

/** Undefined: none is set. */
async function tokenOfEnvironment(env: Variables): Promise<StatedToken | undefined> {
  const stated = env['TASKRUNNER_TOKEN'];
  if (stated) return { token: stated, source: 'TASKRUNNER_TOKEN' };
  const path = env['TASKRUNNER_TOKEN_FILE'];
  return path ? { token: await tokenIn(path), source: 'TASKRUNNER_TOKEN_FILE' } : undefined;
}

function missing(context: NamedContext | null): CliError {
  return new CliError(
    'CLI_TOKEN_MISSING',
    context === null ? 'no token is set' : `nobody is signed in to the context ${context.name}`,
    'Sign in with `taskrunner login`, set TASKRUNNER_TOKEN_FILE to a file that contains the token, or set TASKRUNNER_TOKEN.',
  );
}

/** Servers accept JSON Web Tokens in compact form (RFC 7515 §7.1). The message does not contain what is none. */
function bearer({ token, source }: StatedToken): string {
  if (/^[A-Za-z0-9\-_]+\.[A-Za-z0-9\-_]+\.[A-Za-z0-9\-_]*$/.test(token)) return token;
  throw new CliError(
    'CLI_TOKEN_MISSING',
    'the token is not a JWT',
    `Check ${source}. \`taskrunner login\` signs in without it; \`taskrunner dev token NAME\` prints one of a development server.`,
  );
}

async function tokenIn(path: string): Promise<string> {
  refuseSpecialFile(path);
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const help = 'Set TASKRUNNER_TOKEN_FILE to a readable file.';
    throw new CliError('CLI_FILE', `${path} cannot be read (${codeOf(error)})`, help, [], { cause: error });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
