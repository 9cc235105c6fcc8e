// The shipped manifests of one machine, rendered by `kubectl kustomize` with the additions of an installation: secrets and configuration.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { AUDIENCE, ISSUER } from './people.mjs';

const PUBLIC = ['admission', 'ledger'];
const USAGES = {
  'run-open': 'run-open',
  'run-sealed': 'run-sealed',
  bundle: 'bundle',
  admission: 'admission',
  ledger: 'ledger',
};

/** Keys as docker/secrets.sh makes them, one folder per service. */
export async function makeKeys(root, folder) {
  const { generateKeyFile, generateMacKeyFile } = createRequire(import.meta.url)('@taskrunner/infrastructure/signing');
  for (const service of ['webservice', 'worker']) mkdirSync(join(folder, service), { recursive: true, mode: 0o700 });
  const keys = {};
  for (const [service, names] of [
    ['webservice', PUBLIC],
    ['worker', ['run-open', 'run-sealed', 'bundle']],
  ])
    for (const name of names) keys[name] = await generateKeyFile(join(folder, service, `${name}.pem`));
  for (const name of PUBLIC) writeFileSync(join(folder, 'worker', `${name}.pub.pem`), keys[name].publicKeyPem);
  await generateMacKeyFile(join(folder, 'worker', 'journal-mac.key'));
  return keys;
}

/** The trust file of this installation's auditor (docs/guides/auditing.md). */
export function trustFile(keys, jwks) {
  const day = 86_400_000;
  const validFor = {
    start: new Date(Date.now() - day).toISOString(),
    end: new Date(Date.now() + 365 * day).toISOString(),
  };
  return {
    schema: 'taskrunner.trust.v1',
    id: 'two-pods',
    serial: 1,
    issued: new Date().toISOString(),
    expires: validFor.end,
    keys: Object.entries(USAGES).map(([name, usage]) => ({
      keyid: keys[name].keyid,
      algorithm: 'ed25519',
      spki: createPublicKey(keys[name].publicKeyPem).export({ type: 'spki', format: 'der' }).toString('base64'),
      usages: [usage],
      builders: usage.startsWith('run-') ? ['https://stellaops.io/taskrunner/builders/local/v1'] : [],
      tenants: ['*'],
      validFor,
      revoked: null,
    })),
    issuers: [
      {
        iss: ISSUER,
        kind: 'people',
        population: 'acme',
        audience: AUDIENCE,
        jwks: jwks.keys.map((jwk) => ({ ...jwk, validFor })),
      },
    ],
    approvers: [],
    timestampAuthorities: [],
    require: {
      mode: 'any',
      proof: 'service',
      time: 'asserted',
      checkpoints: false,
      minApprovals: 0,
      packSigners: 0,
      builds: [],
      signatures: { run: 1 },
    },
  };
}

/** The rendered documents, as text. */
export function render(root, folder, { configuration, jwks, passwords, keyFolder, credentials }) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'task-runner.yaml'), JSON.stringify(configuration, null, 2));
  writeFileSync(join(folder, 'jwks.json'), JSON.stringify(jwks));
  for (const [name, value] of Object.entries(passwords)) writeFileSync(join(folder, name), value, { mode: 0o600 });
  const files = { webservice: ['admission.pem', 'ledger.pem'] };
  files.worker = [
    'run-open.pem',
    'run-sealed.pem',
    'bundle.pem',
    'journal-mac.key',
    'admission.pub.pem',
    'ledger.pub.pem',
  ];
  for (const [service, names] of Object.entries(files))
    for (const name of names) copyFileSync(join(keyFolder, service, name), join(folder, `${service}-${name}`));
  for (const service of Object.keys(files))
    for (const [name, value] of Object.entries(credentials)) {
      writeFileSync(join(folder, `${service}-${name}`), value, { mode: 0o600 });
      files[service].push(name);
    }
  const secrets = Object.entries(files).map(([service, names]) => ({
    name: `taskrunner-${service}-keys`,
    files: names.map((name) => `${name}=${service}-${name}`),
  }));
  secrets.push({ name: 'taskrunner-database', files: Object.keys(passwords) });
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [relative(folder, join(root, 'docker/kubernetes/overlays/one-machine'))],
    configMapGenerator: [{ name: 'taskrunner', behavior: 'replace', files: ['task-runner.yaml', 'jwks.json'] }],
    secretGenerator: secrets.map((secret) => ({ ...secret, type: 'Opaque' })),
    generatorOptions: { disableNameSuffixHash: true },
  };
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization, null, 2));
  return execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
}

function documentsOf(text, root) {
  const { parseAllDocuments } = createRequire(join(root, 'libs/infrastructure/package.json'))('yaml');
  return parseAllDocuments(text).map((document) => document.toJS());
}

/** Names of rendered documents of these kinds. */
export function namesOf(text, root, kinds) {
  return documentsOf(text, root)
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ metadata }) => metadata.name);
}

/** Rendered documents of these kinds whose names begin with the given text. */
export function select(text, root, wanted) {
  return documentsOf(text, root)
    .filter(({ kind, metadata }) =>
      wanted.some(([k, name]) => k === kind && (name === undefined || name === metadata.name)),
    )
    .map((document) => JSON.stringify(document))
    .join('\n---\n');
}

export const readText = (path) => readFileSync(path, 'utf8');
