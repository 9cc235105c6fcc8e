// Generates the types of the client from the routes again, and compares them with the committed ones.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('the types of the client are those of the API', async () => {
  const check = [join(import.meta.dirname, 'types.mjs'), '--check'];
  const failure = await promisify(execFile)(process.execPath, check).then(
    () => '',
    ({ stderr }) => stderr,
  );
  assert.equal(failure, '');
});
