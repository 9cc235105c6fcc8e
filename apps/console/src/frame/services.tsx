import { createContext, useContext } from 'react';
import type { TaskRunnerClient } from '@taskrunner/client';
import type { Connection } from '../api/connection';
import type { LeftChanges } from '../api/left-changes';
import type { SharedFeed } from '../api/shared-feed';
import type { Session } from '../session/session';
import type { Settings } from '../settings';

/** The services that every page uses. */
export interface Services {
  readonly client: TaskRunnerClient;
  readonly connection: Connection;
  readonly feed: SharedFeed;
  readonly left: LeftChanges;
  readonly session: Session;
  readonly settings: Settings;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new TypeError('the page is outside of its services');
  return services;
}
