import assert from 'node:assert/strict';
import test from 'node:test';
import { messageReader, statementOf } from './answer-thief.mjs';

const message = (type, body) => {
  const head = Buffer.alloc(type === '' ? 4 : 5);
  if (type !== '') head.write(type);
  head.writeUInt32BE(body.length + 4, type === '' ? 0 : 1);
  return Buffer.concat([head, body]);
};

test('reads messages however they are cut', () => {
  const bytes = Buffer.concat([
    message('', Buffer.from('startup')),
    message('B', Buffer.from('\0flush\0rest')),
    message('S', Buffer.alloc(0)),
  ]);
  for (let cut = 1; cut < bytes.length; cut++) {
    const seen = [];
    const read = messageReader((type, body) => seen.push([type, body.toString()]), true);
    read(bytes.subarray(0, cut));
    read(bytes.subarray(cut));
    assert.deepEqual(seen, [
      ['', 'startup'],
      ['B', '\0flush\0rest'],
      ['S', ''],
    ]);
  }
});

test('names the statement of a Bind', () => {
  assert.equal(statementOf(Buffer.from('portal\0flush\0\0')), 'flush');
  assert.equal(statementOf(Buffer.from('portal\0flush steps outbox\0\0')), 'flush');
  assert.equal(statementOf(Buffer.from('\0\0')), '');
});
