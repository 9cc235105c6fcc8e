/** System call numbers of both machines (arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h). */
type Numbers = readonly [x64: number, arm64: number];

/**
 * System calls that no step needs and that have been used for escapes: into other processes, the kernel, its keyrings, modules or clock, or
 * past a filter (io_uring). Null: the machine has no such call.
 */
const REFUSED: Readonly<Record<string, readonly [x64: number | null, arm64: number | null]>> = {
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  move_mount: [429, 429],
  open_tree: [428, 428],
  open_tree_attr: [467, 467],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  setns: [308, 268],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  fanotify_init: [300, 262],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  acct: [163, 89],
  syslog: [103, 116],
  vhangup: [153, 58],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  iopl: [172, null],
  ioperm: [173, null],
  modify_ldt: [154, null],
  uselib: [134, null],
  _sysctl: [156, null],
};

/** Programs use alternatives if the kernel reports that it lacks these calls. */
const ABSENT: Readonly<Record<string, Numbers>> = {
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  // Its flags are in memory, which a filter cannot read. The C library then uses clone.
  clone3: [435, 435],
};

/** Calls that are filtered by their arguments. */
const JUDGED = {
  clone: [56, 220],
  unshare: [272, 97],
  socket: [41, 198],
  socketpair: [53, 199],
  ioctl: [16, 29],
} as const satisfies Readonly<Record<string, Numbers>>;

/** The machine-dependent part of a filter. */
export interface SystemCalls {
  /** AUDIT_ARCH_… of linux/audit.h. */
  readonly arch: number;
  /** First number of another ABI of the same architecture (x32); null if there is none. */
  readonly foreignFrom: number | null;
  readonly refused: readonly number[];
  readonly absent: readonly number[];
  readonly judged: { readonly [Name in keyof typeof JUDGED]: number };
}

/** Null for an unsupported machine. */
export function systemCallsOf(machine: string): SystemCalls | null {
  if (machine !== 'x64' && machine !== 'arm64') return null;
  const column = machine === 'x64' ? 0 : 1;
  const { clone, unshare, socket, socketpair, ioctl } = JUDGED;
  return {
    arch: machine === 'x64' ? 0xc000003e : 0xc00000b7,
    foreignFrom: machine === 'x64' ? 0x40000000 : null,
    refused: Object.values(REFUSED).flatMap((numbers) => numbers[column] ?? []),
    absent: Object.values(ABSENT).map((numbers) => numbers[column]),
    judged: {
      clone: clone[column],
      unshare: unshare[column],
      socket: socket[column],
      socketpair: socketpair[column],
      ioctl: ioctl[column],
    },
  };
}
