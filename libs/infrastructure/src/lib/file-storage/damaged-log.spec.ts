import { damageOfLog } from './damaged-log';

const line = (text: string): string => `2026-11-29 19:23:25.228 UTC [245335] LOG:  ${text}`;

it.each([
  'incorrect resource manager data checksum in record at 0/29E3138',
  'invalid resource manager ID 90 at 0/29E3138',
  'record with incorrect prev-link 0/0 at 0/29E3138',
  'invalid record length at 0/29E3138: expected at least 24, got 16',
  'invalid record length at 0/29E3138: wanted 24, got 16',
  'invalid record offset at 0/29E3138: expected at least 24, got 8',
  'contrecord is requested by 0/2AB6018',
  'there is no contrecord flag at 0/2AB6000',
  'invalid contrecord length 12 (expected 340) at 0/2AB6000',
  'invalid magic number 8B42 in WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232',
  'invalid magic number 0018 in log segment 000000010000000000000002, offset 11231232',
  'invalid info bits 5A00 in WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232',
  'out-of-sequence timeline ID 0 (after 1) in WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232',
  'unexpected pageaddr 0/0 in WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232',
  'unexpected pageaddr 0/2AB4000 in WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232',
  'unexpected pageaddr 0/6000 in log segment 000000010000000000000002, offset 11231232',
  'could not read from WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232: read 4848 of 8192',
  'could not read from log segment 000000010000000000000002, offset 11231232: read 4848 of 8192',
])('knows a log that is damaged: %s', (text) => {
  expect(damageOfLog(line(text))).toBe(text);
});

it.each([
  'invalid record length at 0/29E3138: expected at least 24, got 0',
  'invalid record length at 0/29E3138: wanted 24, got 0',
  'invalid magic number 0000 in WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232',
  'invalid magic number 0000 in log segment 000000010000000000000002, offset 11231232',
  'unexpected pageaddr 0/1AB6000 in WAL segment 000000010000000000000002, LSN 0/2AB6000, offset 11231232',
  'unexpected pageaddr 0/01AB6000 in WAL segment 000000010000000000000002, LSN 0/02AB6000, offset 11231232',
  'unexpected pageaddr 0/FFAB6000 in log segment 000000010000000100000002, offset 11231232',
  'redo done at 0/29E3110 system usage: CPU: user: 0.00 s, system: 0.00 s, elapsed: 0.00 s',
])('knows the end that a kill leaves: %s', (text) => {
  expect(damageOfLog(line(text))).toBeNull();
});

it('knows a log that was cut', () => {
  const said = 'extending the write-ahead log 000000010000000000000002, which was cut to 7 bytes';
  expect(damageOfLog(said)).toBe(said);
});

it('does not take what a statement says for a damage', () => {
  expect(damageOfLog('2026-11-29 19:23:25.228 UTC [7] STATEMENT:  select 1 -- there is no contrecord flag')).toBeNull();
});
