// `npm run forge`: forges the evidence of runs as each holder of keys could, and counts the forgeries that the verifier detects and misses.
// The missed ones must equal the table in docs/threat-model.md. Build first (`npm run build`).
//
// --seed N       seed of all random choices (1)
// --each N       attempts of each kind, each in another pack (1)
// --packs A,B    only these runs of the corpus; --holder A,B only these holders; --limit N at most this number of attempts. A cell of the
//                table that is then not missed is no failure
// --json         machine-readable output; --verbose prints each attempt
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { figures, listing } from './figures.mjs';
import { readOptions } from '../command-line/options.mjs';

const require = createRequire(import.meta.url);
const root = join(import.meta.dirname, '../..');
const { forge, compared, readResiduals, HOLDERS, SCENARIOS } = require('../../libs/core/dist/testing/forge');

const { values: asked } = readOptions(import.meta.url, {
  seed: { type: 'string', default: '1' },
  each: { type: 'string', default: '1' },
  packs: { type: 'string' },
  holder: { type: 'string' },
  limit: { type: 'string' },
  json: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
});

function list(option, known) {
  const text = asked[option];
  if (text === undefined) return undefined;
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) fail(`--${option}: ${unknown} is none of ${known.join(', ')}`);
  return names;
}

function number(option) {
  const value = Number(asked[option]);
  if (!Number.isSafeInteger(value) || value < 1) fail(`--${option}: ${asked[option]} is no whole number above 0`);
  return value;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

const packs = list('packs', [...SCENARIOS.map(({ name }) => name), 'rerun alone']);
const holders = list('holder', HOLDERS);
const isWhole = packs === undefined && holders === undefined && asked.limit === undefined;
const residuals = readResiduals(readFileSync(join(root, 'docs/threat-model.md'), 'utf8'));
const started = Date.now();
const round = await forge({
  seed: number('seed'),
  each: number('each'),
  ...(packs && { packs }),
  ...(holders && { holders }),
  ...(asked.limit !== undefined && { limit: number('limit') }),
  ...(isWhole && { sought: [...residuals.inherent, ...residuals.open] }),
  ...(asked.verbose && {
    onTried: ({ pack, holder, document, field, mutation, outcome, by, detail }) =>
      console.error(`${outcome}\t${holder}\t${pack}\t${document}#${field}\t${mutation}\t${by.join(' ')}\t${detail}`),
  }),
});
const { unlisted, found } = compared(round, residuals);
const failures = [
  ...round.unsound.map((what) => `an honest bundle is refused: ${what}`),
  ...unlisted.map((cell) => `missed and not in docs/threat-model.md: ${cell}`),
  ...(isWhole ? found.map((cell) => `in docs/threat-model.md and not missed: ${cell}`) : []),
];
if (asked.json) console.log(JSON.stringify({ ...figures(round), missed: listing(round, residuals), failures }));
else {
  const { holders: byHolder, checks } = figures(round);
  console.table(byHolder);
  console.table(checks);
  for (const { cell, count, packs: where, mutations, refused, listed } of listing(round, residuals))
    console.log(`missed ${cell}: ${count} (${mutations.join('; ')}) in ${where.join(', ')}; ${listed}${refused}`);
  console.log(
    `${round.tried.length} forgeries of ${new Set(round.tried.map(({ pack }) => pack)).size} runs in ${Math.round((Date.now() - started) / 1_000)} s, seed ${asked.seed}`,
  );
  for (const failure of failures) console.error(failure);
  if (failures.length === 0) console.log('what is missed is what docs/threat-model.md says');
}
process.exit(failures.length === 0 ? 0 : 1);
