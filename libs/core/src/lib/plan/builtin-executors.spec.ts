import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILTIN_EXECUTORS } from './builtin-executors';

it.each(BUILTIN_EXECUTORS.map(({ uses }) => uses.slice('builtin:'.length)))(
  'the guide has a row for builtin:%s',
  (name) => {
    const guide = readFileSync(join(__dirname, '../../../../../docs/guides/writing-packs.md'), 'utf8');
    expect(guide).toMatch(new RegExp(`^\\| .*\`${name.replace('.', '\\.')}\``, 'm'));
  },
);
