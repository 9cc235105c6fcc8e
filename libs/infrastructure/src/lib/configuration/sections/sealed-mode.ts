import { addressBlock, duration, flag, hostPattern, list, listOf, nameServer, number, path, size } from '../kinds';
import { key, needed, section, unset } from '../key';
import { DAY, GIB, HOUR, MIB, MINUTE, SECOND } from './units';

const destination = {
  host: needed(hostPattern, 'mirror.example.org', 'A host, *.suffix for all below it, or *.'),
  ports: key(list(number(1, 65_535)), [443], 'Ports.'),
  cidr: unset(addressBlock, 'Addresses that the host must have: the only way to private ones.'),
  plainHttp: key(flag, false, 'Plain HTTP too, not TLS alone.'),
};

export const sealedMode = section(
  'Sealed runs: their steps reach nothing but what is listed, and where that cannot be enforced they are refused.',
  {
    enabled: key(
      flag,
      true,
      'Whether packs that ask for it (`sandbox.mode: sealed`) are sealed here; false: they are refused.',
    ),
    required: key(flag, false, 'true: this environment is sealed, and every run in it, whatever its pack says.'),
    wait: key(
      duration(SECOND, 7 * DAY),
      5 * MINUTE,
      'How long a sealed run waits while no worker that is there can seal; then it ends SEALED_UNENFORCEABLE.',
      's, m, h, d',
    ),
    allow: key(
      listOf(destination),
      [],
      'Destinations; those of a worker bound what it gives to any run. An open environment allows every public host; there these entries add private ones.',
    ),
    proxy: section('The egress proxy, for each attempt of a step.', {
      connections: key(number(1, 10_000), 64, 'Connections at once.', 'connections'),
      attempts: key(
        number(1, 100_000),
        10_000,
        'Connections in all, denied ones too; then nothing gets out.',
        'connections',
      ),
      bytes: key(size(MIB, 1024 * GIB), 10 * GIB, 'To and from all destinations together.', 'bytes (KiB, MiB, GiB)'),
      headerBytes: key(size(4_096, MIB), 32_768, 'Largest head of a request or an answer.', 'bytes (KiB, MiB)'),
      idle: key(duration(SECOND, HOUR), 2 * MINUTE, 'Silence after which a connection is cut.', 's, m, h'),
      dial: key(duration(SECOND, 5 * MINUTE), 15 * SECOND, 'To resolve and reach a destination.', 's, m'),
      drain: key(duration(0, MINUTE), 2 * SECOND, 'For what a step has sent before it ended.', 'ms, s'),
      resolvers: key(list(nameServer), [], 'Name servers to ask; []: as the machine resolves.'),
    }),
    http: section('Steps of builtin:http.', {
      maxBody: key(size(1_024, 8 * MIB), MIB, 'Largest body that is kept as an output.', 'bytes (KiB, MiB)'),
      timeout: key(duration(SECOND, HOUR), MINUTE, 'Silence after which an answer is given up.', 's, m, h'),
      certificates: key(list(path), [], 'PEM files of authorities that are trusted beside the public ones.'),
    }),
  },
);
