import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from '../program';

describe('taskrunner maintain', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'maintain-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const taskrunner = async (...args: readonly string[]): Promise<readonly string[]> => {
    const err: string[] = [];
    await runCommandLine({
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
    ['resume', 'maintain resume --tenant acme --reason why --config FILE'],
    ['migrate', 'migrate --config FILE'],
  ])('%s heeds --config', async (_, line) => {
    const path = join(folder, 'c.yaml');
    writeFileSync(path, 'http: { prot: 1 }\n');
    const args = line.split(' ').map((word) => (word === 'FILE' ? path : word));
    expect((await taskrunner(...args))[0]).toBe(`CONFIG_UNKNOWN_KEY ${path}:1:9 http has no key "prot".`);
  });
});
