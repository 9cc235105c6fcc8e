import { spawnSync } from 'node:child_process';
import { KEEPING_FLAG } from './compiled-code';

/** What V8 reports when a process sets this flag. */
function reportOf(flag: string): string {
  const script = `require('node:v8').setFlagsFromString(${JSON.stringify(flag)})`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(status).toBe(0);
  return stderr;
}

it('sets a flag that this release of V8 knows', () => {
  expect(reportOf(KEEPING_FLAG)).toBe('');
  // V8 reports flags that it does not know.
  expect(reportOf(KEEPING_FLAG.replace('reducer', 'reducers'))).toContain('unrecognized flag');
});
