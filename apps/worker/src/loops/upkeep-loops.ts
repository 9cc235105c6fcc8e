import type { AnnounceLoop } from './announce-loop';
import type { AttestLoop } from './attest-loop';
import type { ExportLoop } from './export-loop';
import type { ObjectSweep } from './object-sweep';

/** The loops of a worker besides its runs: they seal, announce and export, and delete unreferenced objects. */
export class UpkeepLoops {
  constructor(
    private readonly attests: AttestLoop,
    private readonly announces: AnnounceLoop,
    private readonly exporting: ExportLoop,
    private readonly sweep: ObjectSweep,
  ) {}

  start(): void {
    for (const loop of [this.attests, this.announces, this.exporting, this.sweep]) loop.start();
  }

  /** Stops until the next session. The object sweep belongs to no session and continues. */
  async pause(): Promise<void> {
    for (const loop of [this.attests, this.announces, this.exporting]) await loop.stop();
  }

  async stop(): Promise<void> {
    await this.pause();
    await this.sweep.stop();
  }
}
