import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBundleFile } from '../packs/read-bundle';
import { commandLineIn } from '../testing/command-line-in';
import { refuseNoFile, refuseSpecialFile } from './special-file';

const PACK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: scan, version: 1.0.0 }
spec:
  inputs: [ { name: report, type: file }, { name: note, type: string } ]
  steps: [ { id: work, run: { uses: "builtin:noop" } } ]
`;

describe('paths that name no file', () => {
  const before = process.cwd();
  let home: string;

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'special-'));
    process.chdir(home);
    execFileSync('mkfifo', ['pipe', 'pipe.tar']);
    mkdirSync('pack');
    writeFileSync('pack/pack.yaml', PACK);
    writeFileSync('empty', '');
  });
  afterAll(() => {
    process.chdir(before);
    rmSync(home, { recursive: true });
  });

  // A named pipe that nobody writes to, and a device that never ends: each command would wait or read for ever.
  it.each([
    'validate pipe',
    'plan pipe',
    'plan pack --inputs pipe',
    'plan pack -i report=@pipe',
    'plan pack -i note=@pipe',
    'plan pack --config pipe',
    'plan pack --executors pipe',
    'diff pack pipe',
    'graph pack -i note=x --out pipe',
    'test pack --tests pipe',
    'pack build pack --file pipe',
    'pack sign pack --key pipe',
    'config check pipe',
    'config show pipe',
    'migrate --config pipe',
    'maintain backup folder --config pipe',
    'verify empty --trust pipe',
    'audit verify pipe --checkpoints empty --trust empty',
    'audit export --file pipe --server http://127.0.0.1:1 --token a.b.c',
    'key --trust pipe --usage bundle',
    'dev --config pipe',
    'plan pipe.tar',
    'plan /dev/zero',
    'plan pack --inputs /dev/zero',
    'config check /dev/zero',
  ])('%s', async (line) => {
    const { exit, out, err } = await commandLineIn(home, line.split(' '));
    expect([exit, out]).toEqual([2, '']);
    expect(err).toMatch(/^CLI_FILE (?:pipe(?:\.tar)? is a named pipe|\/dev\/zero is a device), not a file\nhelp: /);
  });

  it.each(['init new --dir /proc/none/new', 'dev --keep-data /proc/none'])(
    'where no folder can be created: %s',
    async (line) => {
      const { exit, err } = await commandLineIn(home, line.split(' '));
      expect([exit, err]).toEqual([2, expect.stringMatching(/^CLI_FILE .*\nhelp: /)]);
    },
  );

  it('are read if the shell passes them, and never replaced', async () => {
    for (const path of ['/dev/stdin', '/dev/fd/0', '/dev/null', 'nowhere', 'empty', '.']) refuseSpecialFile(path);
    expect(() => refuseNoFile('/dev/null')).toThrow('/dev/null is a device, not a file');
    await expect(readBundleFile('pipe')).rejects.toThrow('pipe is a named pipe, not a file');
    expect(() => refuseNoFile('pipe')).toThrow('pipe is a named pipe, not a file');
  });
});
