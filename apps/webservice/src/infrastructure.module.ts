import { randomBytes } from 'node:crypto';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import {
  CancelRun,
  DecideApproval,
  GateDesk,
  LogStore,
  ObjectStore,
  PackPlanner,
  RunReader,
  StoreUpload,
  SubmitRun,
  Uploads,
  verifySignature,
} from '@taskrunner/core';
import { FileSigner, isDatabaseUnavailable, openWebDatabase, readTarFiles } from '@taskrunner/infrastructure';
import type { WebserviceConfiguration } from './configuration';
import { ArchiveReader } from './plans/pack-sources';

/** The adapters of this deployment, opened. */
export interface OpenInfrastructure {
  readonly module: DynamicModule;
  readiness(): Promise<{ readonly ready: boolean; readonly reason: string | null }>;
  /** True if the database is away or busy. */
  isUnavailable(error: unknown): boolean;
  close(): Promise<void>;
}

/** Ports and operations, with the adapters behind them. */
@Module({})
export class InfrastructureModule {
  /** Opens database and keys. Rejects with what is wrong and what to do. */
  static async open(
    configuration: WebserviceConfiguration,
    onError: (error: Error) => void,
  ): Promise<OpenInfrastructure> {
    const { database: settings, keys, objects, uploads: limits, setting } = configuration;
    const [admission, ledger] = await Promise.all([
      FileSigner.open('admission', keys.admission),
      FileSigner.open('ledger', keys.ledger),
    ]);
    const database = await openWebDatabase(settings.url, {
      connections: settings.connections,
      allowLoss: settings.allowUnsafe,
      onError,
    });
    const { runStore, runReader, gateDesk, logStore, uploads } = database;
    const nonce = (): string => randomBytes(16).toString('hex');
    // People who sign their decisions with keys of their own are not configured yet: such a proof is refused.
    const approverKeys = { keys: [], verifySignature };
    const providers: Provider[] = [
      { provide: RunReader, useValue: runReader },
      { provide: GateDesk, useValue: gateDesk },
      { provide: LogStore, useValue: logStore },
      { provide: ObjectStore, useValue: objects },
      { provide: Uploads, useValue: uploads },
      { provide: ArchiveReader, useValue: { read: readTarFiles } satisfies ArchiveReader },
      { provide: StoreUpload, useValue: new StoreUpload({ uploads, objects, limits }) },
      {
        provide: SubmitRun,
        useValue: new SubmitRun({
          runs: runStore,
          objects,
          uploads,
          signer: admission,
          planner: new PackPlanner(setting),
          nonce,
        }),
      },
      { provide: CancelRun, useValue: new CancelRun({ runs: runStore, reader: runReader, gates: gateDesk }) },
      {
        provide: DecideApproval,
        useValue: new DecideApproval({ gates: gateDesk, reader: runReader, signer: ledger, approverKeys, nonce }),
      },
    ];
    return {
      module: {
        module: InfrastructureModule,
        providers,
        exports: providers.map((provider) => (provider as { provide: symbol }).provide),
      },
      readiness: () => database.readiness(),
      isUnavailable: isDatabaseUnavailable,
      close: () => database.close(),
    };
  }
}
