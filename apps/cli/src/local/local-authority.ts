import { createPublicKey, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fingerprint } from '@taskrunner/core/evidence';
import { generateKeyFile, loadKey, type SigningKey } from '@taskrunner/infrastructure/signing';
import { makeKeys } from '../dev/key-ring';
import { readJsonFile } from '../dev/state-directory';
import { writeTrustFile } from '../dev/trust-file';
import { CliError } from '../terminal/cli-error';
import { claimPlace, localTrustFile, type LocalFolder } from './local-folder';
import { localPerson } from './local-person';

/** The `aud` claim of its tokens. */
export const LOCAL_AUDIENCE = 'taskrunner';
/** Every local run belongs to this tenant. */
const LOCAL_TENANT = 'local';
const SCOPES = 'packs.read packs.run packs.approve packs.admin';
/** Tokens are made for each request. */
const TOKEN_SECONDS = 3_600;
const LOCAL_BUILDER = 'https://stellaops.io/taskrunner/builders/local-authority/v1';

/** The Authority of one account of one machine. Its private key never leaves the folder. */
export interface LocalAuthority {
  readonly issuer: string;
  readonly jwksFile: string;
  /** For `taskrunner verify --trust`. */
  readonly trustFile: string;
  /** A token for the person `local:<name>` with these grants. */
  tokenFor(name: string, grants: readonly string[]): string;
}

/** Opens the Authority of this account. Its keys and trust file are made at first use, all or none. */
export async function openLocalAuthority(folder: LocalFolder): Promise<LocalAuthority> {
  const { identity } = folder;
  if (!existsSync(identity)) await makeIdentity(folder);
  const facts = await readJsonFile<{ readonly issuer: string }>(join(identity, 'authority.json'));
  if (facts === null)
    throw new CliError(
      'CLI_FILE',
      `${join(identity, 'authority.json')} cannot be read`,
      'Restore the folder from a backup. If you remove it, new keys are made, and a new trust file is needed for new evidence.',
    );
  const key = await loadKey(join(identity, 'authority.pem'));
  return {
    issuer: facts.issuer,
    jwksFile: join(identity, 'jwks.json'),
    trustFile: localTrustFile(folder),
    tokenFor: (name, grants) => token(key, facts.issuer, localPerson(name), grants),
  };
}

/** A host name may have characters that the name of an issuer may not. */
function issuerName(): string {
  const name = hostname()
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return `local:${name.slice(0, 253) || 'host'}`;
}

async function makeIdentity({ identity }: LocalFolder): Promise<void> {
  const draft = `${identity}.${process.pid}.new`;
  await mkdir(draft, { mode: 0o700 });
  const issuer = issuerName();
  const keys = await makeKeys(draft);
  const authority = await generateKeyFile(join(draft, 'authority.pem'));
  const jwks = [jwkOf(authority)];
  await writeFile(join(draft, 'jwks.json'), JSON.stringify({ keys: jwks }), { mode: 0o600 });
  await writeFile(join(draft, 'authority.json'), JSON.stringify({ issuer }), { mode: 0o600 });
  await writeTrustFile(join(draft, 'trust.json'), {
    ...{ id: issuer, population: 'local', builder: LOCAL_BUILDER },
    ...{ keys, issuer, audience: LOCAL_AUDIENCE, jwks },
  });
  // Only this account uses them, public keys included.
  for (const name of await readdir(draft)) await chmod(join(draft, name), 0o600);
  await claimPlace(draft, identity);
}

function jwkOf({ publicKeyPem }: SigningKey): object {
  const key = createPublicKey(publicKeyPem);
  const kid = fingerprint(key.export({ type: 'spki', format: 'der' }).toString('base64'));
  return { ...key.export({ format: 'jwk' }), kid, use: 'sig', alg: 'EdDSA' };
}

/** An access token (RFC 9068). The person is at the terminal, so the sign-in is now. */
function token(key: SigningKey, iss: string, sub: string, grants: readonly string[]): string {
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    ...{ iss, sub, aud: LOCAL_AUDIENCE, tenant: LOCAL_TENANT, scope: SCOPES, grants },
    ...{ iat: now, auth_time: now, exp: now + TOKEN_SECONDS },
  };
  const parts = [{ alg: 'EdDSA', typ: 'at+jwt', kid: key.keyid }, claims];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign(null, Buffer.from(text), key.privateKey).toString('base64url')}`;
}
