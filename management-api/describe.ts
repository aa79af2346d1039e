import pino from 'pino';
import { Registry } from 'prom-client';
import { systemClock } from '../engines/clock.ts';
import { systemRandom } from '../engines/random.ts';
import { buildManagementApp } from './app.ts';
import type { ManagementParts } from './parts.ts';

/** The OpenAPI document as the process serves it, without a process: nothing of it is asked for anything. */
export async function describeManagement(): Promise<object> {
  const clock = systemClock();
  const nobody = () => Promise.reject(new Error('it is only described'));
  const parts: ManagementParts = {
    desk: { read: nobody, write: nobody, system: nobody, degraded: () => [], close: async () => undefined },
    warehouse: null,
    webhookHosts: [],
    analytics: null,
    viewers: null,
    clock,
    random: systemRandom(clock),
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    readiness: () => ({ ready: true, why: [], degraded: [] }),
    media: {
      receive: nobody,
      keep: nobody,
      source: nobody,
      publicUrl: (name) => name,
      uploadPlace: nobody,
      remove: nobody,
    },
    mediaBytes: 0,
    base: () => '',
    mediaUrl: (name) => name,
    trustedProxies: 'loopback',
    registration: 'closed',
    secret: '',
  };
  const app = await buildManagementApp(parts);
  await app.ready();
  const document = JSON.parse(JSON.stringify(app.swagger())) as object;
  await app.close();
  return document;
}
