// npm run stores [-- --only NAME]
// Runs the specifications of the stores (every statement, port and trigger of libs/infrastructure/src/lib/postgres, and the comparison of
// the model with the server) on each server that the product supports: `newest` (from npm), `oldest` (PostgreSQL 15 from Debian, in
// /usr/lib/postgresql/15/bin) and `folder` (the server of `database.kind: file`: a Unix socket, the settings of one process). Prints the
// number of cases of each. Needs the results of `npm ci && npm run build`. Exit 1 if a case fails.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from './command-line/options.mjs';

const OLDEST = '/usr/lib/postgresql/15/bin';
const PROJECT = join(import.meta.dirname, '../libs/infrastructure');
const SPECS = ['src/lib/postgres/', 'src/testing/'];
const SERVERS = {
  newest: {},
  oldest: { TASKRUNNER_TEST_PG_BIN: OLDEST },
  folder: { TASKRUNNER_TEST_STORAGE: 'folder' },
};

const { values: options } = readOptions(import.meta.url, { only: { type: 'string' } });
if (options.only !== undefined && !Object.hasOwn(SERVERS, options.only)) {
  process.stderr.write(`--only: there is no server ${options.only}. There are: ${Object.keys(SERVERS).join(', ')}.\n`);
  process.exit(2);
}
const asked = options.only === undefined ? Object.keys(SERVERS) : [options.only];

const folder = mkdtempSync(join(tmpdir(), 'stores-'));
const failed = [];
for (const name of asked) {
  if (name === 'oldest' && !existsSync(join(OLDEST, 'initdb'))) {
    console.log(`${name}: skipped, PostgreSQL 15 is not in ${OLDEST}`);
    continue;
  }
  const report = join(folder, `${name}.json`);
  const began = Date.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      join(PROJECT, '../../node_modules/jest/bin/jest.js'),
      ...['--maxWorkers=2', '--silent', '--json', `--outputFile=${report}`],
      ...SPECS,
    ],
    {
      cwd: PROJECT,
      env: { ...process.env, ...SERVERS[name] },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    },
  );
  if (!existsSync(report)) {
    process.stderr.write(stderr);
    console.log(`${name}: no report, exit ${status}`);
    failed.push(name);
    continue;
  }
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const seconds = Math.round((Date.now() - began) / 1_000);
  console.log(
    `${name}: ${testResults.length} files, ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped, ${seconds} s`,
  );
  if (status !== 0) {
    process.stderr.write(stderr);
    failed.push(name);
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(failed.length === 0 ? 'all servers passed' : `failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
