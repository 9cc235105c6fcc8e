import { createContext, useContext } from 'react';
import type { Api } from '../api/api';
import type { Session } from '../session/session';
import type { Settings } from '../settings';

/** The services that every page uses. */
export interface Services {
  readonly api: Api;
  readonly session: Session;
  readonly settings: Settings;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new TypeError('the page is outside of its services');
  return services;
}
