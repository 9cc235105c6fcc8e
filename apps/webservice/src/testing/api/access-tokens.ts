import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Json, JsonObject } from '@taskrunner/core/foundation';
import { ROOT } from './sample';

const LOGINS = ['ada', 'grace', 'linus', 'ops', 'wendy', 'mallory'] as const;

/** Access tokens of all people and of the machine `ci`, by login. */
export async function accessTokens(issuer: string, clients: Json): Promise<ReadonlyMap<string, string>> {
  const script = `import { loginAs, loginAsMachine } from ${JSON.stringify(`file://${join(ROOT, 'tools/dev-authority/login.mjs')}`)};
const [issuer, clients, logins] = JSON.parse(process.argv[1]);
const tokens = {};
for (const login of logins) tokens[login] = (await loginAs(issuer, login)).accessToken;
tokens.ci = (await loginAsMachine(issuer, clients.ci)).accessToken;
console.log(JSON.stringify(tokens));`;
  const args = ['--input-type=module', '-e', script, JSON.stringify([issuer, clients, LOGINS])];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return new Map(Object.entries(JSON.parse(stdout) as Record<string, string>));
}

/** A token for exactly one decision (RFC 9396). */
export async function boundToken(issuer: string, login: string, detail: JsonObject): Promise<string> {
  const script = `import { loginAs } from ${JSON.stringify(`file://${join(ROOT, 'tools/dev-authority/login.mjs')}`)};
const [issuer, login, detail] = JSON.parse(process.argv[1]);
console.log((await loginAs(issuer, login, { authorizationDetails: [detail] })).accessToken);`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script,
    JSON.stringify([issuer, login, detail]),
  ]);
  return stdout.trim();
}

/** An issuer whose private key the tests have. */
export interface ProbingIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** PEM. */
  readonly privateKey: string;
  /** Its public keys (RFC 7517). */
  readonly jwks: object;
}

export function probingIssuer(): ProbingIssuer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    issuer: 'https://probing.test',
    audience: 'taskrunner',
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'security', alg: 'ES256', use: 'sig' }] },
  };
}
