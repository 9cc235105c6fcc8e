import { canonical, digestOf } from '@taskrunner/core/canonical';
import type { Digest, JsonObject } from '@taskrunner/core/foundation';
import { probeSandbox, type ProbeOptions, type SandboxProbe } from './probe';
import type { IsolationProfile, Sandbox } from './sandbox';

/** The isolation that a worker is configured to provide. */
export interface SandboxesOptions extends Omit<ProbeOptions, 'profile'> {
  /** Profile of open runs. `auto`: bubblewrap if its probe succeeds, otherwise `none/v1`. */
  readonly open: 'auto' | Exclude<IsolationProfile, 'bwrap-sealed/v1'>;
  /** True if sealed runs are accepted too. */
  readonly sealed: boolean;
}

/** Results of probes that ran together. */
interface Proof {
  readonly probes: ReadonlyMap<string, SandboxProbe>;
  /** `taskrunner.probe.v1`. */
  readonly document: JsonObject;
  readonly digest: Digest;
}

/** The sandbox profiles of a worker, each confirmed by a probe. Probes are repeated on request. */
export class Sandboxes {
  private proving: Promise<boolean> | null = null;
  private readonly shown = new Map<Digest, string>();

  private constructor(
    /** The profile of open runs, with `auto` resolved. */
    readonly open: IsolationProfile,
    private readonly options: SandboxesOptions,
    private proof: Proof,
  ) {
    this.keep();
  }

  /** Probes every configured profile. A profile that cannot be enforced is unavailable, without a replacement. */
  static async prove(options: SandboxesOptions): Promise<Sandboxes> {
    const { open } = options;
    const proof = await proofOf(open === 'auto' ? 'bwrap-open/v2' : open, options);
    if (open === 'auto' && proof.probes.get('bwrap-open/v2')?.available !== true)
      return new Sandboxes('none/v1', options, await proofOf('none/v1', options));
    return new Sandboxes(open === 'auto' ? 'bwrap-open/v2' : open, options, proof);
  }

  /** Null if the profile is not configured or its probe failed. */
  of(isolation: string): Sandbox | null {
    return this.proof.probes.get(isolation)?.sandbox ?? null;
  }

  /** Enforced profiles, sorted. */
  get enforced(): readonly string[] {
    return [...this.proof.probes.values()]
      .filter(({ available }) => available)
      .map(({ profile }) => profile)
      .sort();
  }

  /** Unavailable profiles with the reasons. */
  get refused(): readonly { readonly profile: string; readonly reason: string }[] {
    return [...this.proof.probes.values()].flatMap(({ profile, reason }) =>
      reason === null ? [] : [{ profile, reason }],
    );
  }

  /** Digest of the document of the last probes. */
  get digest(): Digest {
    return this.proof.digest;
  }

  /** RFC 8785 texts of all probe documents of this process, by digest. A run refers to the one under which it was claimed. */
  get documents(): ReadonlyMap<Digest, string> {
    return this.shown;
  }

  /** Probes all profiles again. Returns true if the result has changed. Concurrent calls share one repetition. */
  again(): Promise<boolean> {
    this.proving ??= this.tryAgain().finally(() => {
      this.proving = null;
    });
    return this.proving;
  }

  private async tryAgain(): Promise<boolean> {
    const before = this.proof.digest;
    this.proof = await proofOf(this.open, this.options);
    this.keep();
    return this.proof.digest !== before;
  }

  private keep(): void {
    this.shown.set(this.proof.digest, canonical(this.proof.document));
  }
}

async function proofOf(open: IsolationProfile, options: SandboxesOptions): Promise<Proof> {
  const profiles: IsolationProfile[] = options.sealed ? [open, 'bwrap-sealed/v1'] : [open];
  const probes = await Promise.all(profiles.map((profile) => probeSandbox({ ...options, profile })));
  const document = { schema: 'taskrunner.probe.v1', profiles: probes.map((probe) => probe.document) };
  return { probes: new Map(probes.map((probe) => [probe.profile, probe])), document, digest: digestOf(document) };
}
