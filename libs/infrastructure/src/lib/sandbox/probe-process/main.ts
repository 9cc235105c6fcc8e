// Runs inside a fresh sandbox and tries what no step may be able to do. Prints what it managed: an empty list is a pass.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';

interface Request {
  /** Paths that must not exist in here. */
  readonly hidden: readonly string[];
  /** Paths that may exist, and so may the folders above them, with nothing else in them. */
  readonly shown: readonly string[];
  /** Host and port of something that listens outside. */
  readonly reachable: readonly { readonly host: string; readonly port: number }[];
  /** Whether a user of its own was promised. */
  readonly uid: number;
}

const findings: string[] = [];

async function probe({ hidden, shown, reachable, uid }: Request): Promise<void> {
  for (const path of hidden) if (sees(path, shown)) findings.push(`sees ${path}`);
  for (const target of reachable) if (await connects(target)) findings.push(`reaches ${target.host}:${target.port}`);
  for (const name of Object.keys(networkInterfaces()))
    if (name !== 'lo') findings.push(`has the network interface ${name}`);
  if (process.getuid?.() !== uid) findings.push(`is user ${process.getuid?.()}`);
  const status = readFileSync('/proc/self/status', 'latin1');
  if (!/^CapEff:\t0+$/m.test(status) || !/^CapBnd:\t0+$/m.test(status)) findings.push('has capabilities');
  if (!/^NoNewPrivs:\t1$/m.test(status)) findings.push('may gain privileges');
  for (const path of ['/usr/probe', '/etc/probe', '/probe', '/proc/sys/kernel/core_pattern'])
    if (writes(path)) findings.push(`writes ${path}`);
  const others = readdirSync('/proc').filter(
    (name) => /^[0-9]+$/.test(name) && !['1', '2', String(process.pid)].includes(name),
  );
  if (others.length > 0) findings.push('sees processes of others');
  if (spawnSync('/usr/bin/unshare', ['--user', 'true']).status === 0) findings.push('makes user namespaces');
}

function sees(path: string, shown: readonly string[]): boolean {
  if (!existsSync(path)) return false;
  if (!shown.some((root) => root.startsWith(`${path}/`))) return true;
  return readdirSync(path).some((name) => !shown.includes(`${path}/${name}`) && sees(`${path}/${name}`, shown));
}

function connects({ host, port }: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 500 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}

function writes(path: string): boolean {
  try {
    writeFileSync(path, readOr(path));
    return true;
  } catch {
    return false;
  }
}

/** What is there is written back, should writing it be possible after all. */
function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

void probe(JSON.parse(readFileSync(0, 'utf8')) as Request).then(() => process.stdout.write(JSON.stringify(findings)));
