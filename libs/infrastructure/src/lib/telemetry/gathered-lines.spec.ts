import { execFileSync } from 'node:child_process';
import { gatheredLines } from './gathered-lines';

it('writes what is said in one turn together, in order', async () => {
  const written: string[] = [];
  const say = gatheredLines((text) => void written.push(text));
  say('a\n');
  say('b\n');
  expect(written).toEqual([]);
  await new Promise(setImmediate);
  say('c\n');
  await new Promise(setImmediate);
  expect(written).toEqual(['a\nb\n', 'c\n']);
});

it('loses nothing when the process ends', () => {
  // The function is passed as source text, because the test needs the end of a process.
  const program = `(${gatheredLines.toString()})((text) => process.stdout.write(text))('last\\n'); process.exit(0);`;
  expect(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })).toBe('last\n');
});

it('leaves nothing behind at the process, however many logs were opened', async () => {
  const before = process.listenerCount('exit');
  const logs = Array.from({ length: 20 }, () => gatheredLines(() => undefined));
  for (const say of logs) say('a\n');
  await new Promise(setImmediate);
  expect(process.listenerCount('exit')).toBe(before);
});
