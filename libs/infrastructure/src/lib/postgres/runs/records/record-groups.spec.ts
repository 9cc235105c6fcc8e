import type { TenantId } from '@taskrunner/core/foundation';
import { RecordGroups } from './record-groups';

const acme = 'acme' as TenantId;
const other = 'other' as TenantId;

/** A reader that knows the runs a to e, and cannot read `broken`. */
function reader(most?: number, failure: () => Error = () => Object.assign(new Error('too large'), { code: '54000' })) {
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

  it('are at most so many in a statement', async () => {
    const { asked, groups } = reader(2);
    await Promise.all(['a', 'b', 'c'].map((run) => groups.ask(acme, run)));
    expect(asked).toEqual(['acme: a b', 'acme: c']);
  });

  it('fail for the run whose row cannot be read', async () => {
    const { asked, groups } = reader();
    const answers = await Promise.allSettled(['a', 'broken', 'c'].map((run) => groups.ask(acme, run)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(asked).toEqual(['acme: a broken c', 'acme: a', 'acme: broken', 'acme: c']);
  });

  it('fail together while there is no database', async () => {
    const { asked, groups } = reader(8, () => Object.assign(new Error('gone'), { code: '57P01' }));
    const answers = await Promise.allSettled(['a', 'broken'].map((run) => groups.ask(acme, run)));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(asked).toEqual(['acme: a broken']);
  });
});
