import type { TenantId } from '@taskrunner/core/foundation';
import { RecordGroups } from './record-groups';

const acme = 'acme' as TenantId;
const other = 'other' as TenantId;

/** A reader that knows the runs a to e, and cannot read `broken`. */
function reader(most?: number, failure: () => Error = () => new Error('failed')) {
  const asked: string[] = [];
  const groups = new RecordGroups<{ readonly run_id: string; readonly of: string }>(async (tenant, runs) => {
    asked.push(`${tenant}: ${runs.join(' ')}`);
    if (runs.includes('broken')) throw failure();
    return runs
      .filter((run) => run <= 'e')
      .map((run) => ({ run_id: run, of: tenant }))
      .reverse();
  }, most);
  return { asked, groups };
}

describe('records of runs', () => {
  it('that are asked for in one turn are read by one statement for each tenant, and each gets its own', async () => {
    const { asked, groups } = reader();
    const rows = await Promise.all([
      groups.ask(acme, 'a'),
      groups.ask(other, 'b'),
      groups.ask(acme, 'z'),
      groups.ask(acme, 'a'),
    ]);
    expect(rows.map((row) => row && `${row.of} ${row.run_id}`)).toEqual(['acme a', 'other b', undefined, 'acme a']);
    await groups.ask(acme, 'c');
    expect(asked).toEqual(['acme: a z', 'other: b', 'acme: c']);
  });

  it('are read by several statements if they are many', async () => {
    const { asked, groups } = reader(2);
    await Promise.all(['a', 'b', 'c'].map((run) => groups.ask(acme, run)));
    expect(asked).toEqual(['acme: a b', 'acme: c']);
  });

  it.each([
    ['54000', 'a value is too large'],
    ['53200', 'the database has no memory for it'],
    ['57P01', 'the process of the database ends'],
  ])('fail only for the run that causes it: %s, %s', async (code) => {
    const { asked, groups } = reader(8, () => Object.assign(new Error('failed'), { code }));
    const answers = await Promise.allSettled(['a', 'broken', 'c'].map((run) => groups.ask(acme, run)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(asked).toEqual(['acme: a broken c', 'acme: a', 'acme: broken', 'acme: c']);
  });
});
