import { addressBlock, duration, flag, hostPattern, list, listOf, nameServer, number, path, size } from '../kinds';
import { key, needed, section, unset } from '../key';
import { DAY, GIB, HOUR, MIB, MINUTE, SECOND } from './units';

const destination = {
  host: needed(hostPattern, 'mirror.example.org', 'A host name, *.suffix for all its subdomains, or * for all hosts.'),
  ports: key(list(number(1, 65_535)), [443], 'Allowed ports.'),
  cidr: unset(addressBlock, 'Address range that the host must resolve to. Required for private addresses.'),
  plainHttp: key(flag, false, 'Allows plain HTTP in addition to TLS.'),
};

export const sealedMode = section(
  'Sealed runs. Their steps can reach only the listed destinations. A run is refused if this cannot be enforced.',
  {
    enabled: key(flag, true, 'Whether packs with `sandbox.mode: sealed` can run. false: such packs are refused.'),
    required: key(flag, false, 'Whether every run is sealed, regardless of its pack.'),
    wait: key(
      duration(SECOND, 7 * DAY),
      5 * MINUTE,
      'How long a sealed run waits for a worker that supports sealed mode. Then the run fails with SEALED_UNENFORCEABLE.',
      's, m, h, d',
    ),
    allow: key(
      listOf(destination),
      [],
      'Allowed destinations. The list of a worker limits every run on that worker. An open environment allows every public host; there, these entries add private hosts.',
    ),
    proxy: section('Limits of the egress proxy, for each attempt of a step.', {
      connections: key(number(1, 10_000), 64, 'Maximum number of concurrent connections.', 'connections'),
      attempts: key(
        number(1, 100_000),
        10_000,
        'Maximum total number of connections, including denied connections. Further connections are denied.',
        'connections',
      ),
      bytes: key(
        size(MIB, 1024 * GIB),
        10 * GIB,
        'Maximum traffic to and from all destinations.',
        'bytes (KiB, MiB, GiB)',
      ),
      headerBytes: key(size(4_096, MIB), 32_768, 'Maximum header size of a request or response.', 'bytes (KiB, MiB)'),
      idle: key(duration(SECOND, HOUR), 2 * MINUTE, 'Time after which an idle connection is closed.', 's, m, h'),
      dial: key(
        duration(SECOND, 5 * MINUTE),
        15 * SECOND,
        'Timeout for resolving and connecting to a destination.',
        's, m',
      ),
      drain: key(duration(0, MINUTE), 2 * SECOND, 'Time to forward data that a step sent before it ended.', 'ms, s'),
      resolvers: key(list(nameServer), [], 'Name servers; []: the resolver of the operating system.'),
    }),
    http: section('Steps that use builtin:http.', {
      maxBody: key(
        size(1_024, 8 * MIB),
        MIB,
        'Maximum size of a response body that is kept as an output.',
        'bytes (KiB, MiB)',
      ),
      timeout: key(duration(SECOND, HOUR), MINUTE, 'Time without data after which a response is abandoned.', 's, m, h'),
      certificates: key(
        list(path),
        [],
        'PEM files of certificate authorities that are trusted in addition to the public ones.',
      ),
    }),
  },
);
