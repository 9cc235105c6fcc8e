import { canonical, digestOf } from '@taskrunner/core/canonical';
import type { Digest, JsonObject } from '@taskrunner/core/foundation';
import { probeSandbox, type ProbeOptions, type SandboxProbe } from './probe';
import type { IsolationProfile, Sandbox } from './sandbox';

/** What a worker is to keep apart, and how. */
export interface SandboxesOptions extends Omit<ProbeOptions, 'profile'> {
  /** For open runs; `auto`: bubblewrap where its probe succeeds, else `none/v1`. */
  readonly open: 'auto' | Exclude<IsolationProfile, 'bwrap-sealed/v1'>;
  /** Whether sealed runs are taken too. */
  readonly sealed: boolean;
}

/** What the probes of one moment have shown. */
interface Proof {
  readonly probes: ReadonlyMap<string, SandboxProbe>;
  /** `taskrunner.probe.v1`. */
  readonly document: JsonObject;
  readonly digest: Digest;
}

/** The sandbox profiles of a worker, each proven by trying; tried again when told to. */
export class Sandboxes {
  private proving: Promise<boolean> | null = null;
  private readonly shown = new Map<Digest, string>();

  private constructor(
    /** The profile of open runs: never `auto`. */
    readonly open: IsolationProfile,
    private readonly options: SandboxesOptions,
    private proof: Proof,
  ) {
    this.keep();
  }

  /** Probes every profile that is wanted. One that cannot be enforced is not there; nothing stands in for it. */
  static async prove(options: SandboxesOptions): Promise<Sandboxes> {
    const { open } = options;
    const proof = await proofOf(open === 'auto' ? 'bwrap-open/v2' : open, options);
    if (open === 'auto' && proof.probes.get('bwrap-open/v2')?.available !== true)
      return new Sandboxes('none/v1', options, await proofOf('none/v1', options));
    return new Sandboxes(open === 'auto' ? 'bwrap-open/v2' : open, options, proof);
  }

  /** Null if this profile is not wanted here, or was not proven. */
  of(isolation: string): Sandbox | null {
    return this.proof.probes.get(isolation)?.sandbox ?? null;
  }

  /** Profiles that can be enforced, sorted. */
  get enforced(): readonly string[] {
    return [...this.proof.probes.values()]
      .filter(({ available }) => available)
      .map(({ profile }) => profile)
      .sort();
  }

  /** Those that cannot, with the reason. */
  get refused(): readonly { readonly profile: string; readonly reason: string }[] {
    return [...this.proof.probes.values()].flatMap(({ profile, reason }) =>
      reason === null ? [] : [{ profile, reason }],
    );
  }

  /** Digest of the document of the last proof. */
  get digest(): Digest {
    return this.proof.digest;
  }

  /** RFC 8785 texts of all documents of this process so far, by digest: runs name the one under which they were claimed. */
  get documents(): ReadonlyMap<Digest, string> {
    return this.shown;
  }

  /** Tries all profiles again; true if it has come out otherwise. Calls that come meanwhile share one trial. */
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
