import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CliError } from '../terminal/cli-error';
import type { Server } from './server';

/** Connection options of a command that talks to a server. */
export interface ConnectionOptions {
  readonly server?: string;
  readonly token?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Adds the options. None is required, because every process of the machine can see tokens on a command line. */
export function withConnection(command: Command): Command {
  return command
    .option('--server <url>', 'URL of the server (default: TASKRUNNER_SERVER)')
    .option('--token <token>', 'bearer token; prefer TASKRUNNER_TOKEN_FILE or TASKRUNNER_TOKEN');
}

/** The server for options and environment variables. Throws `CLI_SERVER_MISSING`, `CLI_TOKEN_MISSING`, `CLI_FILE`, `CLI_USAGE`. */
export async function connect(options: ConnectionOptions, env: Variables): Promise<Server> {
  const address = options.server ?? env['TASKRUNNER_SERVER'];
  if (!address)
    throw new CliError(
      'CLI_SERVER_MISSING',
      'no server is set',
      'Use --server URL or set TASKRUNNER_SERVER. `taskrunner dev` starts a local server.',
    );
  const url = serverUrl(address);
  const token = await tokenOf(options, env);
  const { Server: Remote } = await import('./server.js');
  return new Remote(url, () => Promise.resolve(token));
}

function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
    throw new CliError(
      'CLI_USAGE',
      'the server must be an http or https URL',
      'Use a URL such as https://runner.example.org.',
    );
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}

async function tokenOf(options: ConnectionOptions, env: Variables): Promise<string> {
  const stated = options.token ?? env['TASKRUNNER_TOKEN'];
  const file = env['TASKRUNNER_TOKEN_FILE'];
  const token = stated || (file ? await tokenIn(file) : '');
  // RFC 6750 §2.1: anything else is not a bearer token, and error messages of the sender would contain it.
  if (/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) return token;
  throw new CliError(
    'CLI_TOKEN_MISSING',
    token === '' ? 'no token is set' : 'the token has an invalid format',
    'Set TASKRUNNER_TOKEN_FILE to a file that contains the token, or set TASKRUNNER_TOKEN.',
  );
}

async function tokenIn(path: string): Promise<string> {
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
