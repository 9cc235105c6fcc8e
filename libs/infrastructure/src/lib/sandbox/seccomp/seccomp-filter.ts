import { systemCallsOf, type SystemCalls } from './system-calls';

// Classic BPF (linux/bpf_common.h) over struct seccomp_data: number at offset 0, architecture at 4, six arguments of 8 bytes from 16.
const LOAD = 0x20;
const AND = 0x54;
const RETURN = 0x06;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_ANY_BIT = 0x45;
const NUMBER = 0;
const ARCH = 4;
/** Offset of the low half of an argument. Both machines are little-endian. */
const argument = (index: number): number => 16 + 8 * index;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const refuse = (errno: number): number => 0x00050000 | errno;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET. unshare(2) also has NEWTIME, at bits that clone(2) uses for a signal. */
const NEW_NAMESPACES = 0x7e020000;
const NEW_TIME = 0x80;
const UNIX = 1;
const INET = 2;
const INET6 = 10;
const NETLINK = 16;
const RAW = 3;
/** Terminal input and Linux console input: both insert characters as if the terminal's user had typed them. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

type Instruction = readonly [code: number, onTrue: number, onFalse: number, value: number];

/**
 * The seccomp filter of every sandboxed step, as bytes of `struct sock_filter[]` for `bwrap --seccomp`; null for an unsupported machine.
 * The architecture is checked first: a 32-bit call in a 64-bit process has other numbers, so it kills the process.
 */
export function seccompFilter(machine: string): Buffer | null {
  const calls = systemCallsOf(machine);
  return calls === null ? null : encode(programOf(calls));
}

function programOf({ arch, foreignFrom, refused, absent, judged }: SystemCalls): readonly Instruction[] {
  return [
    [LOAD, 0, 0, ARCH],
    [IF_EQUAL, 1, 0, arch],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, NUMBER],
    ...(foreignFrom === null ? [] : when([IF_AT_LEAST, foreignFrom], [[RETURN, 0, 0, KILL_PROCESS]])),
    ...refused.flatMap((number) => when([IF_EQUAL, number], [[RETURN, 0, 0, refuse(EPERM)]])),
    ...absent.flatMap((number) => when([IF_EQUAL, number], [[RETURN, 0, 0, refuse(ENOSYS)]])),
    ...when([IF_EQUAL, judged.clone], anyBit(0, NEW_NAMESPACES)),
    ...when([IF_EQUAL, judged.unshare], anyBit(0, NEW_NAMESPACES | NEW_TIME)),
    ...when(
      [IF_EQUAL, judged.ioctl],
      [
        [LOAD, 0, 0, argument(1)],
        ...when([IF_EQUAL, TIOCSTI], [[RETURN, 0, 0, refuse(EPERM)]]),
        ...when([IF_EQUAL, TIOCLINUX], [[RETURN, 0, 0, refuse(EPERM)]]),
        [RETURN, 0, 0, ALLOW],
      ],
    ),
    ...when([IF_EQUAL, judged.socket], socketRules()),
    ...when([IF_EQUAL, judged.socketpair], socketRules()),
    [RETURN, 0, 0, ALLOW],
  ];
}

/**
 * Allows Unix sockets, IPv4 and IPv6 without raw sockets, and netlink for the routing tables that the C library reads. Other families are
 * refused.
 */
function socketRules(): readonly Instruction[] {
  const notRaw: readonly Instruction[] = [
    [LOAD, 0, 0, argument(1)],
    // The bits above the type are flags.
    [AND, 0, 0, 0xf],
    ...when([IF_EQUAL, RAW], [[RETURN, 0, 0, refuse(EPERM)]]),
    [RETURN, 0, 0, ALLOW],
  ];
  return [
    [LOAD, 0, 0, argument(0)],
    ...when([IF_EQUAL, UNIX], [[RETURN, 0, 0, ALLOW]]),
    ...when([IF_EQUAL, INET], notRaw),
    ...when([IF_EQUAL, INET6], notRaw),
    ...when(
      [IF_EQUAL, NETLINK],
      [
        [LOAD, 0, 0, argument(2)],
        ...when([IF_EQUAL, 0], [[RETURN, 0, 0, ALLOW]]),
        [RETURN, 0, 0, refuse(EAFNOSUPPORT)],
      ],
    ),
    [RETURN, 0, 0, refuse(EAFNOSUPPORT)],
  ];
}

function anyBit(index: number, bits: number): readonly Instruction[] {
  return [
    [LOAD, 0, 0, argument(index)],
    ...when([IF_ANY_BIT, bits], [[RETURN, 0, 0, refuse(EPERM)]]),
    [RETURN, 0, 0, ALLOW],
  ];
}

/** Instructions that execute `body` if the loaded word meets the condition. `body` must return. */
function when([code, value]: readonly [number, number], body: readonly Instruction[]): readonly Instruction[] {
  return [[code, 0, body.length, value], ...body];
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, onTrue, onFalse, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(onTrue, index * 8 + 2);
    bytes.writeUInt8(onFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}
