/** Every row of docs/reliability.md, in its order. */
import type { FaultRow } from './row.ts';
import { AROUND } from './rows/around.ts';
import { DESTINATIONS } from './rows/destinations.ts';
import { EXITS } from './rows/exits.ts';
import { HOSTILE } from './rows/hostile.ts';
import { LONG } from './rows/long.ts';
import { NETWORK } from './rows/network.ts';
import { PROCESSES } from './rows/processes.ts';
import { SECURITY } from './rows/security.ts';
import { SERVERS } from './rows/servers.ts';
import { SHEDDING } from './rows/shedding.ts';

export const SECTIONS: Readonly<Record<string, readonly FaultRow[]>> = {
  'The network': NETWORK,
  'Real servers': SERVERS,
  'Long and large': LONG,
  'Several destinations': DESTINATIONS,
  'Under load': SHEDDING,
  'The end of a program': EXITS,
  'Workers and processes': PROCESSES,
  'Hostile input': HOSTILE,
  Security: SECURITY,
  'Around the spans': AROUND,
};
