import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { DevError } from './dev-error';

// A process of its own: the Authority's tools are modules of another kind, and no part of an application.
const SCRIPT = `
const [module, issuer, login] = process.argv.slice(1);
const { loginAs } = await import(module);
process.stdout.write((await loginAs(issuer, login)).accessToken);
`;

/** An access token of one of the Authority's people, had by its sign-in page. Throws `DEV_LOGIN_FAILED`. */
export async function signIn(loginModule: string, issuer: string, login: string): Promise<string> {
  const run = promisify(execFile);
  const args = ['--input-type=module', '--eval', SCRIPT, '--', pathToFileURL(loginModule).href, issuer, login];
  try {
    return (await run(process.execPath, args, { timeout: 30_000 })).stdout;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? '';
    const line = said.split('\n').find((text) => /^\w*Error: /.test(text)) ?? 'the Authority did not answer';
    throw new DevError(
      'DEV_LOGIN_FAILED',
      `no token for ${login}: ${line.replace(/^\w*Error: /, '')}`,
      'Known are ada, grace, linus, ops, wendy and mallory.',
    );
  }
}
