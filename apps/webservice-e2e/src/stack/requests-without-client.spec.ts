import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REQUESTS_WITHOUT_CLIENT } from './requests-without-client';

const SUITE = join(__dirname, '..');
/** A call of the platform's `fetch` or of an HTTP agent. `route.fetch()` of a browser under test is none. */
const REQUEST = /(?<![.\w])fetch\(|(?:globalThis|window)\.fetch\(|\bhttps?\.(?:request|get)\(|\bfrom 'undici'/;

it('sends every request to the API by the client', () => {
  const files = readdirSync(SUITE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const sending = files
    .filter((name) => name !== 'stack/requests-without-client.spec.ts')
    .filter((name) => REQUEST.test(readFileSync(join(SUITE, name), 'utf8')));
  expect(sending.sort()).toEqual(Object.keys(REQUESTS_WITHOUT_CLIENT));
});
