// `npm run forge`
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
const require = createRequire(import.meta.url);
const { forge } = require('../../libs/core/dist/testing/forge');
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    packs: { type: 'string' },
    holder: { type: 'string' },
    each: { type: 'string', default: '2' },
    limit: { type: 'string' },
    json: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const started = Date.now();
const round = await forge({
  seed: Number(values.seed),
  ...(values.packs && { packs: values.packs.split(',') }),
  ...(values.holder && { holders: values.holder.split(',') }),
  each: Number(values.each),
  ...(values.limit && { limit: Number(values.limit) }),
});
for (const line of round.unsound) console.log(`UNSOUND ${line}`);
const by = {};
for (const one of round.tried) {
  const row = (by[one.holder] ??= { tried: 0, found: 0, missed: 0, same: 0 });
  row.tried++;
  row[one.outcome]++;
}
console.table(by);
for (const [cell, all] of round.missed) console.log(`${cell}\t${all.length}\t${[...new Set(all.map((o) => o.mutation))].join('; ')}\t${[...new Set(all.map((o) => o.pack))].join(',')}`);
console.log(`${round.tried.length} in ${Date.now() - started} ms`);
