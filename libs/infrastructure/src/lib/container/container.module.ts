import { Module, type DynamicModule } from '@nestjs/common';
import { provide } from '../composition/provide';
import { token } from '../composition/token';
import type { Configuration } from '../configuration/configuration';
import { CONFIGURATION } from '../configuration/configuration.module';
import { kubernetesOf, podmanOf } from '../configuration/container-settings';
import { Supervisor } from '../sandbox/supervisor';
import { watchWorkspace } from '../sandbox/watch-workspace';
import { Telemetry } from '../telemetry/telemetry';
import type { ContainerEngine } from './container-engine';

/** The configured container engine (`container.engine`), or null. */
export const CONTAINER_ENGINE = token<ContainerEngine | null>('engine of containers');

/** Containers of steps. */
@Module({})
export class ContainerModule {
  /** `imports`: the module that provides `Supervisor`. */
  static forRoot({ imports }: { readonly imports: DynamicModule[] }): DynamicModule {
    return {
      module: ContainerModule,
      imports,
      providers: [
        provide(
          CONTAINER_ENGINE,
          { configuration: CONFIGURATION, supervisor: Supervisor, telemetry: Telemetry },
          ({ configuration, supervisor, telemetry }) => openContainers(configuration, supervisor, telemetry.log),
        ),
      ],
      exports: [CONTAINER_ENGINE],
    };
  }
}

/** Opens the configured engine and removes the containers of an earlier process of this worker. */
async function openContainers(
  configuration: Configuration,
  supervisor: Supervisor,
  log: Pick<Telemetry['log'], 'say'>,
): Promise<ContainerEngine | null> {
  if (configuration.container.engine === 'none') return null;
  try {
    const engine = await open(configuration, supervisor);
    const swept = await engine.sweep();
    log.say('info', 'containers.ready', { ...engine.describe(), swept });
    return engine;
  } catch (error) {
    // This worker could claim nothing, and nothing would check again. The process exits so that it is restarted.
    log.say('error', 'containers.unavailable', { error });
    throw error;
  }
}

/** Engines are loaded only by workers that run containers. */
async function open(configuration: Configuration, supervisor: Supervisor): Promise<ContainerEngine> {
  if (configuration.container.engine === 'kubernetes') {
    const { KubernetesEngine } = await import('./kubernetes-engine.js');
    return KubernetesEngine.open({ ...kubernetesOf(configuration), watchWorkspace });
  }
  const { PodmanEngine } = await import('./podman-engine.js');
  return PodmanEngine.open({ ...podmanOf(configuration), supervisor });
}
