/** Something that answers outside of the sandbox, and what it is called in a finding. */
export interface Outside {
  readonly what: string;
  readonly host: string;
  readonly port: number;
}

/** What the worker asks the probe to try. */
export interface ProbeRequest {
  /** Paths that must not exist in here. */
  readonly hidden: readonly string[];
  /** Paths that may exist, and so may the folders above them, with nothing else in them. */
  readonly shown: readonly string[];
  /** The user that was promised. */
  readonly uid: number;
  /** Listeners of this machine. */
  readonly tcp: readonly Outside[];
  /** Listeners of this machine; whether a datagram arrives is seen there. */
  readonly udp: readonly Outside[];
  /** Name of a listening abstract Unix socket of this machine, without its leading NUL. */
  readonly abstract: string;
  /** What lies beyond this machine; tried only where nothing nearer was reached. */
  readonly beyond: readonly Outside[];
  /** Addresses of the name servers that this machine asks; tried as `beyond` is. */
  readonly nameServers: readonly string[];
}

/** What it found: an empty list of findings is a pass. */
export interface ProbeAnswer {
  readonly tried: readonly string[];
  /** Each ends the sentence: a step … */
  readonly findings: readonly string[];
}
