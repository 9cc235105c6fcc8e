import { matching, typedRun, type Command } from './commands';

const command = (text: string): Command => ({ id: text, text, act: () => undefined });
const commands = ['Go to the approvals', 'Runs that failed', 'Go to the runs'].map(command);

it('finds commands by words, those that begin with the first word first', () => {
  const found = (typed: string) => matching(commands, typed).map(({ text }) => text);
  expect(found('')).toHaveLength(3);
  expect(found('RUNS')).toEqual(['Runs that failed', 'Go to the runs']);
  expect(found('runs go')).toEqual(['Go to the runs']);
  expect(found('nothing')).toEqual([]);
});

it('knows the id of a run', () => {
  expect(typedRun(' run_01kb3v9x0cfz5b8e2qh7m4n6pt ')).toBe('run_01kb3v9x0cfz5b8e2qh7m4n6pt');
  expect(typedRun('run_01')).toBeNull();
});
