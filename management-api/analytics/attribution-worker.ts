import { parentPort, workerData } from 'node:worker_threads';
import { type Weighing, weigh } from './attribution-weigh.ts';

parentPort?.postMessage(weigh(workerData as Weighing));
