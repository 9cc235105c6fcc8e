import { seccompFilter } from './seccomp-filter';

const X64 = 0xc000003e;
const ARM64 = 0xc00000b7;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const NO_FAMILY = 0x00050061;

/** Emulates the kernel: runs a filter on one call like `bpf_prog_run` (linux/filter.h). */
function judge(filter: Buffer, arch: number, number: number, args: readonly number[] = []): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(arch, 4);
  args.forEach((value, index) => data.writeUInt32LE(value >>> 0, 16 + 8 * index));
  let word = 0;
  for (let at = 0; ; at++) {
    const code = filter.readUInt16LE(at * 8);
    const value = filter.readUInt32LE(at * 8 + 4);
    const jump = (holds: boolean) => filter.readUInt8(at * 8 + (holds ? 2 : 3));
    if (code === 0x20) word = data.readUInt32LE(value);
    else if (code === 0x54) word = (word & value) >>> 0;
    else if (code === 0x06) return value;
    else if (code === 0x15) at += jump(word === value);
    else if (code === 0x35) at += jump(word >= value);
    else if (code === 0x45) at += jump((word & value) !== 0);
    else throw new Error(`instruction ${code}`);
  }
}

describe.each([
  [
    'x64',
    X64,
    { read: 0, execve: 59, clone: 56, unshare: 272, socket: 41, socketpair: 53, ioctl: 16, ptrace: 101, mount: 165 },
  ],
  [
    'arm64',
    ARM64,
    { read: 63, execve: 221, clone: 220, unshare: 97, socket: 198, socketpair: 199, ioctl: 29, ptrace: 117, mount: 40 },
  ],
])('the filter of %s', (machine, arch, calls) => {
  const filter = seccompFilter(machine) ?? Buffer.alloc(0);
  const of = (number: number, ...args: readonly number[]) => judge(filter, arch, number, args);

  it('ends what comes by another architecture, whatever it is', () => {
    for (const foreign of [0x40000003, 0x40000028, arch === X64 ? ARM64 : X64])
      expect(judge(filter, foreign, calls.read)).toBe(KILL);
    if (machine === 'x64') expect(of(0x40000000 + calls.read)).toBe(KILL);
  });

  it('lets programs work', () => {
    expect(of(calls.read)).toBe(ALLOW);
    expect(of(calls.execve)).toBe(ALLOW);
    // fork(): SIGCHLD; a thread: CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID.
    expect(of(calls.clone, 0x11)).toBe(ALLOW);
    expect(of(calls.clone, 0x3d0f00)).toBe(ALLOW);
    expect(of(calls.unshare, 0x400)).toBe(ALLOW);
    expect(of(calls.ioctl, 0, 0x5401)).toBe(ALLOW);
    for (const [family, type] of [
      [1, 1],
      [1, 0x80802],
      [2, 1],
      [2, 2],
      [10, 0x80801],
    ] as const)
      expect(of(calls.socket, family, type, 0)).toBe(ALLOW);
    expect(of(calls.socket, 16, 3, 0)).toBe(ALLOW);
    expect(of(calls.socketpair, 1, 1, 0)).toBe(ALLOW);
  });

  it('refuses new namespaces, each by itself', () => {
    const flags = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];
    for (const flag of flags) {
      expect(of(calls.clone, flag | 0x11)).toBe(EPERM);
      expect(of(calls.unshare, flag)).toBe(EPERM);
    }
    expect(of(calls.unshare, 0x80)).toBe(EPERM);
    expect(of(435)).toBe(ENOSYS);
  });

  it('refuses other families, and raw sockets whatever flags stand above them', () => {
    for (const family of [0, 3, 9, 15, 17, 29, 31, 38, 40, 44]) expect(of(calls.socket, family, 1, 0)).toBe(NO_FAMILY);
    expect(of(calls.socketpair, 40, 1, 0)).toBe(NO_FAMILY);
    for (const family of [2, 10])
      for (const type of [3, 0x803, 0x80003]) expect(of(calls.socket, family, type, 1)).toBe(EPERM);
    for (const protocol of [9, 12, 15]) expect(of(calls.socket, 16, 3, protocol)).toBe(NO_FAMILY);
  });

  it('refuses the ways into the kernel and into other processes', () => {
    for (const number of [calls.ptrace, calls.mount, 428, 429, 430, 438, 442]) expect(of(number)).toBe(EPERM);
    for (const number of [425, 426, 427]) expect(of(number)).toBe(ENOSYS);
    for (const request of [0x5412, 0x541c]) expect(of(calls.ioctl, 0, request)).toBe(EPERM);
  });
});

it('is not there for a machine that we do not know', () => expect(seccompFilter('riscv64')).toBeNull());
