import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Configuration } from '../configuration/configuration';
import { parseConfiguration } from '../configuration/parse-configuration';
import { generateKeyFile } from '../signing/key-file';
import { openAttestor } from './attestor.module';

const SILENT = { say: () => undefined };

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'taskrunner-keys-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function configuration(sections: object): Configuration {
  const reading = parseConfiguration(JSON.stringify({ keys: { folder }, ...sections }), {});
  if (reading.kind === 'refused') throw new TypeError(JSON.stringify(reading.faults));
  return reading.configuration;
}

const remote = (): object => ({
  url: 'https://attestor.test',
  tokenUrl: 'https://id.test/token',
  clientId: 'workers',
  clientSecretFile: join(folder, 'secret'),
});

it('with profile: production a worker that can read a key for runs does not start', async () => {
  writeFileSync(join(folder, 'secret'), 's');
  const settings = configuration({ profile: 'production', attestor: remote() });
  expect((await openAttestor(settings, SILENT)).isKeyFile).toBe(false);
  await generateKeyFile(join(folder, 'run-open.pem'));
  await expect(openAttestor(settings, SILENT)).rejects.toMatchObject({
    code: 'WORKER_HOLDS_RUN_KEY',
  });
});

it('without a remote Attestor key files sign', async () => {
  await generateKeyFile(join(folder, 'run-open.pem'), 'ecdsa-p256');
  await generateKeyFile(join(folder, 'run-sealed.pem'));
  await generateKeyFile(join(folder, 'bundle.pem'));
  const settings = configuration({});
  expect((await openAttestor(settings, SILENT)).isKeyFile).toBe(true);
});

it('without the key for sealed runs a worker that seals does not start', async () => {
  await generateKeyFile(join(folder, 'run-open.pem'));
  await generateKeyFile(join(folder, 'bundle.pem'));
  const open = (sections: object) => {
    const settings = configuration(sections);
    return openAttestor(settings, SILENT);
  };
  await expect(open({})).rejects.toThrow('run-sealed.pem');
  expect((await open({ sealedMode: { enabled: false } })).isKeyFile).toBe(true);
});

it.each<[object, string]>([
  [{ profile: 'production' }, '/attestor/url'],
  [{ attestor: { url: 'https://attestor.test' } }, '/attestor/clientId'],
  [
    {
      attestor: {
        ...{ url: 'http://attestor.test', tokenUrl: 'https://id.test' },
        clientId: 'a',
        clientSecretFile: '/s',
      },
    },
    '/attestor/url',
  ],
])('refuses the configuration %j', (sections, at) => {
  const reading = parseConfiguration(JSON.stringify(sections), {});
  expect(reading.kind === 'refused' && reading.faults.map(({ path }) => path)).toContain(at);
});
