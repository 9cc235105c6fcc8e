import { lstatSync, mkdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { refusal } from './launch/sandbox-error';

/** A path of this machine that a sandbox shows read-only. */
export interface Shown {
  readonly kind: 'shown';
  /** Path in the sandbox. */
  readonly target: string;
  /** Path on this machine. */
  readonly source: string;
}

/** A symbolic link in the sandbox's root, such as `/bin` to `usr/bin`. */
export interface Link {
  readonly kind: 'link';
  readonly target: string;
  readonly to: string;
}

export type RootEntry = Shown | Link;

/** Search path for tools named without a slash. */
const PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
/**
 * CA certificates in the layouts of Debian, Fedora, Alpine and SUSE. `/etc/ssl` as a whole is never shown, because it contains `private/`.
 */
const CERTIFICATES = [
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/ssl/cert.pem',
  '/etc/ca-certificates',
  '/etc/pki/tls/certs',
  '/etc/pki/ca-trust/extracted',
];
/** Links into /usr, and the cache of the dynamic linker. Many tools of /usr do not start without them. */
const LINKS = ['/etc/alternatives', '/etc/ld.so.cache'];
/** Paths that the sandbox itself provides. */
const OWN = /^\/(proc|dev|sys|task|script|node|stage|egress)(\/|$)/;
const STUBS = {
  passwd: 'root:x:0:0:root:/nonexistent:/bin/sh\ntask:x:65534:65534:task:/task/home:/bin/sh\n',
  group: 'root:x:0:\ntask:x:65534:\n',
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};
const NEVER = [
  '/',
  '/home',
  '/root',
  '/run',
  '/var',
  '/sys',
  '/etc',
  '/proc',
  '/dev',
  '/tmp',
  '/task',
  '/boot',
  '/mnt',
  '/opt',
];

/** The root file system of every sandboxed step. It is built from an empty one, never inherited. */
export interface BuiltRoot {
  readonly entries: readonly RootEntry[];
  /** Value of `PATH`. */
  readonly path: string;
}

/**
 * Reads the layout of this machine. `roots`: additional exact paths to show, read-only; the `bin` of each is appended to `PATH`.
 * `stubFolder` receives the stub files of `/etc`. Throws `SANDBOX_ROOT_REFUSED` for a root that would expose too much.
 */
export function buildRoot(options: { readonly roots: readonly string[]; readonly stubFolder: string }): BuiltRoot {
  for (const root of options.roots) {
    if (
      !root.startsWith('/') ||
      normalize(root) !== root ||
      root.endsWith('/') ||
      NEVER.includes(root) ||
      OWN.test(root)
    )
      throw refusal('SANDBOX_ROOT_REFUSED', `${JSON.stringify(root)} cannot be added to the sandbox`);
    if (!exists(root)) throw refusal('SANDBOX_ROOT_REFUSED', `${root} does not exist`);
  }
  mkdirSync(options.stubFolder, { recursive: true, mode: 0o755 });
  const stubs = Object.entries(STUBS).map(([name, text]) => {
    const source = join(options.stubFolder, name);
    writeFileSync(source, text, { mode: 0o644 });
    return shown(`/etc/${name}`, source);
  });
  const links = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'].flatMap(topEntry);
  const files = [...CERTIFICATES, ...LINKS].filter(exists).map((path) => shown(path));
  const extra = options.roots.map((root) => shown(root));
  const bins = options.roots.map((root) => join(root, 'bin')).filter(exists);
  return { entries: [shown('/usr'), ...links, ...files, ...stubs, ...extra], path: [...PATH, ...bins].join(':') };
}

const shown = (target: string, source: string = target): Shown => ({ kind: 'shown', target, source });

/** `/bin` and similar paths are links into `/usr` on most systems and folders on some. */
function topEntry(path: string): RootEntry[] {
  try {
    return lstatSync(path).isSymbolicLink() ? [{ kind: 'link', target: path, to: readlinkSync(path) }] : [shown(path)];
  } catch {
    return [];
  }
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
