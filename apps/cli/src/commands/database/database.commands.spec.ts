import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFolderDatabase } from '@taskrunner/infrastructure/file-storage';
import { runCommandLine } from '../../program';

describe('taskrunner maintain', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'maintain-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  let exit: number;
  const taskrunner = async (...args: readonly string[]): Promise<readonly string[]> => {
    const err: string[] = [];
    exit = await runCommandLine({
      arguments: args,
      env: { TASKRUNNER_CONFIG: join(folder, 'another.yaml') },
      version: '0',
      readStdin: async () => new Uint8Array(),
      terminal: {
        print: () => undefined,
        say: (line) => void err.push(line),
        draw: () => undefined,
        isInteractive: false,
        columns: 80,
        rows: 24,
        ask: async () => null,
      },
    });
    return err;
  };

  it.each([
    ['', 'maintain --config FILE'],
    ['hold', 'maintain hold RUN --tenant acme --reason why --config FILE'],
    ['hold, before its name', 'maintain --config FILE hold RUN --tenant acme --reason why'],
    ['release', 'maintain release RUN --tenant acme --config FILE'],
    ['backup', 'maintain backup FOLDER --config FILE'],
    ['backup, before its name', 'maintain --config FILE backup FOLDER --with-objects'],
    ['restore', 'maintain restore FOLDER --objects copy --config FILE'],
    ['settle', 'maintain settle --config FILE'],
    ['adopt-store', 'maintain adopt-store --config FILE'],
    ['resume', 'maintain resume --tenant acme --reason why --config FILE'],
    ['migrate', 'migrate --config FILE'],
  ])('%s heeds --config', async (_, line) => {
    const path = join(folder, 'c.yaml');
    writeFileSync(path, 'http: { prot: 1 }\n');
    const args = line.split(' ').map((word) => (word === 'FILE' ? path : word));
    expect((await taskrunner(...args))[0]).toBe(`CONFIG_UNKNOWN_KEY ${path}:1:9 http has no key "prot".`);
  });

  it('opens a database in a folder, unless a service uses it', async () => {
    // The account of a server that root starts must be able to enter it.
    chmodSync(folder, 0o711);
    const path = join(folder, 'in-folder.yaml');
    writeFileSync(path, `database: { kind: file, folder: ${join(folder, 'storage')} }\n`);
    expect([await taskrunner('migrate', '--config', path), exit]).toEqual([[], 0]);
    expect([await taskrunner('maintain', '--config', path), exit]).toEqual([[], 0]);
    const mistyped = join(folder, 'mistyped.yaml');
    writeFileSync(mistyped, `database: { kind: file, folder: ${join(folder, 'storgae')} }\n`);
    for (const command of ['', 'settle', 'resume --tenant a --reason b'])
      expect([
        (await taskrunner('maintain', ...command.split(' ').filter(Boolean), '--config', mistyped))[0],
        exit,
      ]).toEqual([`STORAGE_FOREIGN ${join(folder, 'storgae')} has no database of an installation`, 1]);
    expect(existsSync(join(folder, 'storgae'))).toBe(false);
    const service = await openFolderDatabase(join(folder, 'storage'));
    const [line] = await taskrunner('maintain', '--config', path);
    expect([line, exit]).toEqual([expect.stringContaining(`STORAGE_HELD`), 1]);
    expect(line).toContain(`process ${process.pid}`);
    await service.close();
  });

  describe('where the database or the store is not there', () => {
    const config = (name: string, text: string): string => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    };
    /** A server that closes each connection without an answer. */
    let mute: Server;
    let port: number;
    beforeAll(async () => {
      mute = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
      port = (mute.address() as AddressInfo).port;
      mkdirSync(join(folder, 'objects', 'staging'), { recursive: true });
    });
    afterAll(() => new Promise((resolve) => mute.close(resolve)));
    const database = (place: string): string =>
      config(
        'away.yaml',
        `artifacts: { root: ${join(folder, 'objects')} }
database:
  maintainUrl: postgresql://taskrunner_maintain:S3cret@${place}
  ownerUrl: postgresql://taskrunner_owner:S3cret@${place}
`,
      );

    it.each([
      ['maintain', 'maintain'],
      ['maintain hold', 'maintain hold run_01jd0000000000000000000000 --tenant acme --reason why'],
      ['maintain backup', 'maintain backup FOLDER/backup'],
      ['maintain settle', 'maintain settle'],
      ['maintain resume', 'maintain resume --tenant acme --reason why'],
      ['migrate', 'migrate'],
    ])('%s says which database, and what to do', async (_, line) => {
      const file = database(`127.0.0.1:${port}/runs`);
      const words = line.split(' ').map((word) => word.replace('FOLDER', folder));
      const [what, help, ...more] = await taskrunner(...words, '--config', file);
      const role = line === 'migrate' ? 'owner' : 'maintain';
      expect(what).toMatch(
        `DATABASE_UNAVAILABLE postgresql://taskrunner_${role}@127.0.0.1:${port}/runs does not respond: `,
      );
      expect(help).toMatch(/^help: Check that PostgreSQL runs/);
      expect([more, exit]).toEqual([[], 1]);
    });

    it('a backup that is interrupted says so, and leaves nothing', async () => {
      const listeners = process.listenerCount('SIGINT');
      const silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const file = database(`127.0.0.1:${(silent.address() as AddressInfo).port}/runs`);
      const backup = taskrunner('maintain', 'backup', join(folder, 'interrupted'), '--config', file);
      const [socket] = (await once(silent, 'connection')) as [Socket];
      process.emit('SIGINT');
      expect(await backup).toEqual([
        'BACKUP_INTERRUPTED the backup failed; the incomplete backup was deleted',
        'help: Start the backup again.',
      ]);
      expect(exit).toBe(1);
      expect(readdirSync(folder).filter((name) => name.startsWith('interrupted'))).toEqual([]);
      expect(process.listenerCount('SIGINT')).toBe(listeners);
      socket.destroy();
      await new Promise((resolve) => silent.close(resolve));
    });

    it.each([
      ['maintain backup FOLDER/other-role', 'maintain', 'owner'],
      ['maintain settle', 'maintain', 'owner'],
      ['migrate', 'owner', 'maintain'],
    ])('%s reads the password file of %s, not that of %s', async (line, role, other) => {
      const source = `${role}Url: postgresql://taskrunner_${role}@127.0.0.1:${port}/runs, ${other}PasswordFile: /none`;
      const objects = `artifacts: { root: ${join(folder, 'objects')} }`;
      const file = config('role.yaml', `${objects}\ndatabase: { host: 127.0.0.1, ${source} }\n`);
      const words = line.split(' ').map((word) => word.replace('FOLDER', folder));
      const [what] = await taskrunner(...words, '--config', file);
      expect(what).toMatch(/^DATABASE_UNAVAILABLE /);
    });

    it('ends where no folder of objects can be created', async () => {
      // The recursive mkdir of Node.js never ends below /proc.
      const url = `database: { maintainUrl: "postgresql://x@127.0.0.1:${port}/runs" }`;
      const file = config('proc.yaml', `artifacts: { root: /proc/none/objects }\n${url}\n`);
      const [what] = await taskrunner('maintain', 'restore', folder, '--objects', 'copy', '--config', file);
      expect([what, exit]).toEqual([
        expect.stringMatching(/^OBJECT_STORE_UNAVAILABLE .*artifacts\.root \/proc\/none/),
        1,
      ]);
    });

    it('says which password file cannot be read', async () => {
      const missing = join(folder, 'none');
      const file = config('password.yaml', `database: { host: 127.0.0.1, maintainPasswordFile: ${missing} }\n`);
      const [what, help] = await taskrunner('maintain', '--config', file);
      expect(what).toMatch(`DB_PASSWORD_FILE database.maintainPasswordFile ${missing} cannot be read: ENOENT`);
      expect(help).toMatch(/^help: Create the file/);
      expect(exit).toBe(1);
    });

    it.each([
      [
        'backup',
        'is not there',
        'maintain backup FOLDER/other',
        '',
        /^help: Mount the folder, or correct artifacts.root/,
      ],
      ['restore', 'is a file', 'maintain restore FOLDER --objects copy', 'file', /^help: Try again/],
    ])('%s says which folder of objects %s', async (_, why, line, name, remedy) => {
      if (name !== '') writeFileSync(join(folder, name), '');
      const root = join(folder, name || 'nowhere', 'objects');
      const file = config(
        'store.yaml',
        `artifacts: { root: ${name === '' ? root : join(folder, name)} }
database: { maintainUrl: "postgresql://x@127.0.0.1:${port}/runs" }
`,
      );
      const words = line.split(' ').map((word) => word.replace('FOLDER', folder));
      const [what, help] = await taskrunner(...words, '--config', file);
      expect(what).toMatch(/^OBJECT_STORE_UNAVAILABLE the folder of the object store .*: artifacts\.root \//);
      expect(what).toContain(folder);
      expect(help).toMatch(remedy);
      expect([why, exit]).toEqual([why, 1]);
    });
  });
});
