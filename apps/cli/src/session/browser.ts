import { spawn } from 'node:child_process';

type Variables = Readonly<Record<string, string | undefined>>;

/** The program that opens an address, with its arguments; null: there is no browser on this machine. `BROWSER` names another one. */
export function browserOf(platform: NodeJS.Platform, env: Variables): readonly string[] | null {
  const { BROWSER: own } = env;
  if (own) return [own];
  if (platform === 'darwin') return ['open'];
  // Not a shell, which would read the characters of the address.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : null;
}

/** Opens an address. Whether it did is seen by the person; the address is printed besides. */
export function openBrowser([program = '', ...args]: readonly string[], address: string): void {
  const child = spawn(program, [...args, address], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
