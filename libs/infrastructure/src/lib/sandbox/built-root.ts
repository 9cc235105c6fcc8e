import { lstatSync, mkdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { refusal } from './launch/sandbox-error';

/** Something of this machine that a sandbox shows, read-only, at the same path. */
export interface Shown {
  readonly kind: 'shown';
  /** As the step sees it. */
  readonly target: string;
  /** Where it lies on this machine. */
  readonly source: string;
}

/** A symbolic link in the sandbox's root, such as `/bin` to `usr/bin`. */
export interface Link {
  readonly kind: 'link';
  readonly target: string;
  readonly to: string;
}

export type RootEntry = Shown | Link;

/** Where a tool without a slash is looked for. */
const PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
/** Certificates of authorities, as Debian, Fedora, Alpine and SUSE keep them (never `/etc/ssl` as a whole: it has `private/`). */
const CERTIFICATES = [
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/ssl/cert.pem',
  '/etc/ca-certificates',
  '/etc/pki/tls/certs',
  '/etc/pki/ca-trust/extracted',
];
/** Links into /usr and the cache of the dynamic linker: without them many tools of /usr do not start. */
const LINKS = ['/etc/alternatives', '/etc/ld.so.cache'];
/** Places that the sandbox fills itself. */
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

/** The root that every sandboxed step gets: built from nothing, never inherited. */
export interface BuiltRoot {
  readonly entries: readonly RootEntry[];
  /** Value of `PATH`. */
  readonly path: string;
}

/**
 * Looks at this machine once. `roots`: further exact paths to show, read-only; each one's `bin` is appended to `PATH`.
 * `stubFolder` receives the stub files of `/etc`. Throws `SANDBOX_ROOT_REFUSED` for a root that would show too much.
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

/** `/bin` and the like are links into `/usr` on most systems, folders on some. */
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
