// State of the development Authority that must survive a restart: its signing key, cookie keys and the secrets of its machines.
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

/**
 * Reads `authority.json` in `directory` or creates it (0600, atomically; the first of two concurrent processes wins). Without a directory
 * the state is not stored. A machine that is missing from the file gets a new secret.
 */
export async function readState(directory, clients) {
  const machines = clients.filter((client) => client.kind === 'machine').map((client) => client.id);
  if (directory === undefined) return withSecrets(await newState(), machines);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'authority.json');
  let state = read(file);
  if (state === undefined) {
    writeOnce(file, withSecrets(await newState(), machines));
    state = read(file);
  }
  if (machines.some((id) => state.secrets[id] === undefined)) {
    state = withSecrets(state, machines);
    rmSync(file);
    writeOnce(file, state);
  }
  return state;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read: ${error.message}. Delete it to get new keys.`, { cause: error });
  }
}

function writeOnce(file, state) {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, JSON.stringify(state, null, 2), { flag: 'wx', mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}

async function newState() {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const key = { ...jwk, alg: 'ES256', use: 'sig', kid: await calculateJwkThumbprint(jwk) };
  return { jwks: { keys: [key] }, cookieKeys: [randomBytes(32).toString('base64url')], secrets: {} };
}

function withSecrets(state, machines) {
  const secrets = { ...state.secrets };
  for (const id of machines) secrets[id] ??= randomBytes(24).toString('base64url');
  return { ...state, secrets };
}
