/** @module What tests of `spandrel/honeyhive` share. */

import { context, propagation, trace } from '@opentelemetry/api';
import { afterEach, vi } from 'vitest';
import { HoneyHiveTracer, type InitParams } from '../../src/honeyhive.ts';
import { API_KEY, type StandIn, standIn } from './honeyhive-stand-in.ts';

export interface Started {
  readonly server: StandIn;
  readonly tracer: HoneyHiveTracer;
}

/** A tracer on a stand-in of its own. */
export async function startHoneyHive(params: InitParams = {}): Promise<Started> {
  const server = await standIn();
  const tracer = await HoneyHiveTracer.init({ ...propertiesOf(server), ...params });
  return { server, tracer };
}

export function propertiesOf(server: StandIn): InitParams {
  const { url: serverUrl } = server;
  return { apiKey: API_KEY, project: 'shop', source: 'test', sessionName: 'checkout', serverUrl };
}

/** To be called once a file. */
export function stopHoneyHiveAfterEach(): void {
  afterEach(async () => {
    await HoneyHiveTracer.shutdown();
    vi.unstubAllEnvs();
    trace.disable();
    context.disable();
    propagation.disable();
  });
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
