// What a platform team has of its own in a worker: an executor, secrets from its vault, and a module that hears that a worker has started.
// A worker is two programs, its main and the process of a run in quarantine, and both are composed with this.
import { Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { SecretProvider, type ProvidedSecret } from '@taskrunner/core/ports';
import { SecretError } from '@taskrunner/core/secret';
import { ExecutorModule, Telemetry } from '@taskrunner/infrastructure/modules';
import { SECRET_PROVIDERS } from '@taskrunner/infrastructure/worker-modules';
import { DEPLOYMENT } from './deployment';
import { DeploymentExecutor } from './deployment-executor';

/** Stands for a client of your vault. */
class VaultSecrets extends SecretProvider {
  private readonly values = new Map([['deploy/token', 'from the vault']]);

  async read(ref: string): Promise<ProvidedSecret> {
    const value = this.values.get(ref);
    if (value === undefined) throw new SecretError('SECRET_UNAVAILABLE', `the vault has no ${ref}`);
    return { value: new TextEncoder().encode(value), version: '1' };
  }
}

/** Log, metrics and spans are those of the worker. */
@Injectable()
class Announcement implements OnApplicationBootstrap {
  constructor(private readonly telemetry: Telemetry) {}

  onApplicationBootstrap(): void {
    this.telemetry.log.say('info', 'platform.started');
  }
}

@Module({ providers: [Announcement] })
class PlatformModule {}

export const platform = {
  adapters: [
    // `secrets.providers` of the configuration has the same id: { id: vault, kind: custom }
    {
      provide: SECRET_PROVIDERS,
      inject: [Telemetry],
      useFactory: ({ log }: Telemetry) => {
        log.say('info', 'platform.vault');
        return new Map([['vault', new VaultSecrets()]]);
      },
    },
  ],
  imports: [PlatformModule, ExecutorModule.forFeature([{ descriptor: DEPLOYMENT, executor: DeploymentExecutor }])],
};
