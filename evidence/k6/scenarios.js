// The plan's two load tests: k6 run -e SCENARIO=targeting -e URL=http://127.0.0.1:8080 evidence/k6/scenarios.js
// `npm run bench -- scenarios --k6 k6` starts a decision API with 10,000 campaigns and a real Redis and runs both.
import { check, sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { bodyOf } from './body.ts';

const known = {
  targeting: { vus: 1000, thinkSeconds: 6, p95Ms: 50 },
  podAssembly: { vus: 500, thinkSeconds: 3, p95Ms: 30 },
};
const scenario = known[__ENV.SCENARIO || 'targeting'];
const url = `${__ENV.URL || 'http://127.0.0.1:8080'}/api/v2/ad-request`;
const run = __ENV.RUN || `k6-${Date.now()}`;
const draw = (n) => Math.floor(Math.random() * n);

export const options = {
  scenarios: {
    users: { executor: 'constant-vus', exec: 'visit', vus: scenario.vus, duration: __ENV.FOR || '5m' },
  },
  thresholds: {
    http_req_duration: [`p(95)<${scenario.p95Ms}`],
    http_req_failed: ['rate==0'],
    checks: ['rate==1'],
  },
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
};

export function visit() {
  const { idInTest, iterationInInstance } = exec.vu;
  // Users do not all press play in the same moment, nor every six seconds after it.
  if (iterationInInstance === 0) sleep(Math.random() * scenario.thinkSeconds);
  const body = bodyOf(idInTest, iterationInInstance, run, draw);
  const answer = http.post(url, body, { headers: { 'content-type': 'application/json' } });
  check(answer, {
    'a pod is answered': ({ status, body: text }) => status === 200 && text.includes('"pod":{"duration_seconds":120'),
  });
  sleep(scenario.thinkSeconds);
}
