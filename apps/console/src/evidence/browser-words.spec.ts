import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { browserWords } from './browser-words';

const REPORT = join(__dirname, '../../../../libs/core/src/lib/evidence/report');
/** Texts of remedies, residuals and concessions that name an option. */
const TEXTS = ['remedies.ts', 'residuals.ts', 'concessions.ts'].flatMap((file) =>
  readFileSync(join(REPORT, file), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"--')),
);

it('are said for each text that names an option of the command line', () => {
  expect(TEXTS.length).toBeGreaterThanOrEqual(5);
  for (const text of TEXTS) expect([text, /"--/.test(browserWords(text))]).toEqual([text, false]);
});

it('name what the page has', () => {
  expect(browserWords('To accept evidence of a development installation, add "--allow-dev".')).toBe(
    'To accept evidence of a development installation, tick “Accept keys of a development stack”.',
  );
  expect(browserWords('DEVELOPMENT KEYS (accepted because of --allow-dev; no proof about production): run')).toBe(
    'DEVELOPMENT KEYS (accepted because “Accept keys of a development stack” is ticked; no proof about production): run',
  );
  expect(browserWords('To accept evidence of a run without a server, add "--allow-local".')).toBe(
    'To accept evidence of a run without a server, tick “Accept keys of a run without a server”.',
  );
  for (const option of ['--allow-dev', '--allow-local'])
    for (const text of [
      `It was accepted because of "${option}".`,
      `KEYS, accepted because of ${option}`,
      `(${option})`,
    ])
      expect([text, browserWords(text).includes('--')]).toEqual([text, false]);
  expect(browserWords('Decompress it with `gunzip` first, and pass the tar.')).toMatch(/and choose the tar\.$/);
});
