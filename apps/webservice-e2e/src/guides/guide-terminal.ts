import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { DevStack } from '../stack/stack';

/** Answers the command lines of `terminal.sh`: fields that end with NUL, the last one a single EOT. */
export class GuideTerminal {
  private constructor(
    private readonly server: Server,
    /** Variables that `terminal.sh` needs. */
    readonly variables: Readonly<Record<string, string>>,
  ) {}

  /** `files` is a folder for the output of each command line. */
  static async open(stack: DevStack, files: string): Promise<GuideTerminal> {
    mkdirSync(files, { recursive: true });
    const server = createServer((socket) => answer(stack, socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new GuideTerminal(server, { TERMINAL_PORT: String(port), TERMINAL_FILES: files });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

function answer(stack: DevStack, socket: Socket): void {
  let received = '';
  socket.setEncoding('utf8').on('error', () => undefined);
  socket.on('data', (text: string) => {
    received += text;
    if (!received.endsWith('\u0004\0')) return;
    void execute(stack, received.split('\0').slice(0, -2)).then((status) => socket.end(`${status}\n`));
  });
}

/** Fields: a path for the output, the working folder, variables, an empty field, arguments. */
async function execute(stack: DevStack, [path, folder, ...rest]: readonly string[]): Promise<number> {
  const end = rest.indexOf('');
  const variables = rest
    .slice(0, end)
    .map((one) => [one.split('=', 1)[0] ?? '', one.slice(one.indexOf('=') + 1)] as const);
  const env: Record<string, string | undefined> = { PATH: process.env['PATH'], HOME: folder };
  for (const [name, value] of variables) env[name] = value;
  const { status, stdout, stderr } = await stack
    .taskrunner(rest.slice(end + 1), env, folder)
    .catch((error: unknown) => ({ status: 126, stdout: '', stderr: `${String(error)}\n` }));
  writeFileSync(`${path}.out`, stdout);
  writeFileSync(`${path}.err`, stderr);
  return status;
}
