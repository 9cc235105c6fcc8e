import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { quoted } from '../terminal/run-lines';
import { DevError } from './dev-error';
import { readJsonFile } from './state-directory';

// A separate process, because the Authority's tools are ES modules and not part of an application.
const SCRIPT = `
const [module, issuer, login, ...actors] = process.argv.slice(1);
const { delegate, loginAs, loginAsMachine } = await import(module);
let subjectToken = (await loginAs(issuer, login)).accessToken;
for (const actor of actors.map((text) => JSON.parse(text))) {
  const { accessToken: actorToken } = await (actor.clientSecret ? loginAsMachine(issuer, actor) : loginAs(issuer, actor.clientId));
  subjectToken = (await delegate(issuer, { subjectToken, actorToken })).accessToken;
}
process.stdout.write(subjectToken);
`;

/** The subject of the token. */
export interface SignIn {
  readonly issuer: string;
  /** One of the Authority's people. */
  readonly login: string;
  /** People or machines of the Authority who act for the person, by token exchange (RFC 8693), each for the previous one. */
  readonly actors: readonly string[];
  /** Folder of the Authority with the secrets of the machines. */
  readonly authority: string;
}

/** Obtains an access token for one of the Authority's people through its sign-in page. Throws `DEV_LOGIN_FAILED`, and `DEV_NOT_RUNNING` if
 * nothing listens at the address of the Authority. */
export async function signIn(loginModule: string, { issuer, login, actors, authority }: SignIn): Promise<string> {
  const run = promisify(execFile);
  const state = await readJsonFile<{ secrets?: Readonly<Record<string, string>> }>(join(authority, 'authority.json'));
  const acting = actors.map((clientId) => JSON.stringify({ clientId, clientSecret: state?.secrets?.[clientId] }));
  const args = ['--input-type=module', '--eval', SCRIPT, '--', pathToFileURL(loginModule).href, issuer, login];
  try {
    return (await run(process.execPath, [...args, ...acting], { timeout: 30_000 })).stdout;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? '';
    if (/\bECONNREFUSED\b/.test(said)) {
      const folder = dirname(authority);
      throw new DevError(
        'DEV_NOT_RUNNING',
        `the stack in ${folder} is not running`,
        `Start it in another terminal with: taskrunner dev --keep-data ${quoted(folder)}`,
      );
    }
    const line = said.split('\n').find((text) => /^\w*Error: /.test(text)) ?? 'the Authority did not respond';
    throw new DevError(
      'DEV_LOGIN_FAILED',
      `no token for ${[login, ...actors].join(' through ')}: ${line.replace(/^\w*Error: /, '')}`,
      'Use ada, grace, linus, ops, wendy or mallory. The machine ci can be an actor.',
    );
  }
}
