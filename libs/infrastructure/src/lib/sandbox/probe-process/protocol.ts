/** A listener outside of the sandbox, with its name in findings. */
export interface Outside {
  readonly what: string;
  readonly host: string;
  readonly port: number;
}

/** The attempts that the worker requests from the probe. */
export interface ProbeRequest {
  /** Paths that must not exist in the sandbox. */
  readonly hidden: readonly string[];
  /** Paths that may exist. Their parent folders may exist too, without other entries. */
  readonly shown: readonly string[];
  /** The expected user. */
  readonly uid: number;
  /** TCP listeners of this machine. */
  readonly tcp: readonly Outside[];
  /** UDP listeners of this machine. The worker checks for received datagrams. */
  readonly udp: readonly Outside[];
  /** Name of an abstract Unix socket of this machine, without its leading NUL. */
  readonly abstract: string;
  /** Targets beyond this machine. They are tried only if no nearer target was reached. */
  readonly beyond: readonly Outside[];
  /** Addresses of this machine's name servers, tried under the same condition as `beyond`. */
  readonly nameServers: readonly string[];
}

/** Result of the probe. Without findings it has passed. */
export interface ProbeAnswer {
  readonly tried: readonly string[];
  /** Each one completes the sentence "a step …". */
  readonly findings: readonly string[];
}
