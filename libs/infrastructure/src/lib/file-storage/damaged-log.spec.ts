import { damageOfLog } from './damaged-log';

const line = (text: string): string => `2026-11-29 19:23:25.228 UTC [245335] LOG:  ${text}`;

it.each([
  'incorrect resource manager data checksum in record at 0/29E3138',
  'invalid resource manager ID 90 at 0/29E3138',
  'incorrect prev-link 0/29E3110 at 0/29E3138',
  'invalid magic number 8B42 in WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232',
  'could not read from WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232: read 4848 of 8192',
])('knows a log that is damaged: %s', (text) => {
  expect(damageOfLog(line(text))).toBe(text);
});

it.each([
  'invalid record length at 0/29E3138: expected at least 24, got 0',
  'invalid magic number 0000 in WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232',
  'unexpected pageaddr 0/1AB6000 in WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232',
  'redo done at 0/29E3110 system usage: CPU: user: 0.00 s, system: 0.00 s, elapsed: 0.00 s',
])('knows the end that a kill leaves: %s', (text) => {
  expect(damageOfLog(line(text))).toBeNull();
});

it('knows a log that was cut', () => {
  const said = 'extending the write-ahead log 000000010000000000000002, which was cut to 7 bytes';
  expect(damageOfLog(said)).toBe(said);
});
