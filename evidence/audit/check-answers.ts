import { decidedApart } from './apart.ts';
import type { CallFact } from './calls.ts';
import type { RequestFact, Run } from './facts.ts';
import { type Fault, fault } from './fault.ts';
import { firstRequests, groupBy } from './judge.ts';

/** What viewers sent and saw against what the log holds: both ways, as sets of ids. */
export function checkAnswers(run: Pick<Run, 'calls' | 'log'>): Fault[] {
  const requests = run.calls.filter((call) => call.kind === 'ad-request');
  const beacons = run.calls.filter((call) => call.kind === 'beacon');
  return [...checkRequests(requests, run), ...checkRepeats(requests, run), ...checkBeacons(beacons, run)];
}

export function isAnswered(call: CallFact): boolean {
  return call.status !== null && call.status >= 200 && call.status < 400;
}

/** It may have arrived, although no answer came back. */
function isInDoubt(call: CallFact): boolean {
  return (
    call.overtaken === true ||
    (call.status === null && call.error !== 'not sent') ||
    (call.status !== null && call.status >= 500)
  );
}

/** Refused with a 4xx, or an exchange with a word: it must have left nothing behind. */
function isRefused(call: CallFact): boolean {
  return call.refused === true || (call.status !== null && call.status >= 400 && call.status < 500);
}

/** The ads and their backups as one text: equal texts, equal pods. */
function sawText({ ads, backups = [] }: NonNullable<CallFact['answer']>): string {
  return [...ads, ...backups]
    .map((ad) =>
      [
        ad.position,
        ad.ad_id,
        ad.campaign_id,
        ad.creative_id,
        ad.advertiser_id,
        ad.start_seconds,
        ad.duration_seconds,
      ].join(' '),
    )
    .join('\n');
}

function loggedText({ ads, backups = [] }: Pick<RequestFact, 'ads' | 'backups'>): string {
  return [...ads, ...backups]
    .map((ad) =>
      [
        ad.position,
        ad.reservation,
        ad.campaign,
        ad.creative,
        ad.advertiser,
        ad.start_seconds,
        ad.duration_seconds,
      ].join(' '),
    )
    .join('\n');
}

function checkRequests(calls: readonly CallFact[], run: Pick<Run, 'log'>): Fault[] {
  const logged = firstRequests(run.log.requests);
  const apart = decidedApart(run.log.requests);
  const given = new Set(
    run.log.requests
      .filter(({ value }) => apart.has(value.request_id))
      .map(({ value }) => `${value.request_id}\n${loggedText(value)}`),
  );
  const answers = calls.filter((call) => call.answer !== null && isAnswered(call));
  const lost: string[] = [];
  const differs: string[] = [];
  for (const { answer } of answers) {
    if (answer === null) continue;
    const record = logged.get(answer.request_id);
    if (!record) lost.push(answer.request_id);
    else if (given.has(`${answer.request_id}\n${sawText(answer)}`)) continue;
    else if (loggedText(record.value) !== sawText(answer)) differs.push(answer.request_id);
  }
  const wordless = calls
    .filter((call) => isAnswered(call) && call.answer === null && !call.refused && !call.overtaken)
    .map((call) => `seq ${call.seq}`);
  const sent = new Set(answers.map(({ answer }) => answer?.request_id ?? ''));
  for (const call of calls) if (isInDoubt(call) && call.requestId !== null) sent.add(call.requestId);
  // A request without an id gets one from the API: if its answer never came, nobody else knows that id.
  const nameless = calls.filter((call) => isInDoubt(call) && call.requestId === null).length;
  const strangers = [...logged.keys()].filter((id) => !sent.has(id));
  const refused = new Set(calls.filter(isRefused).map((call) => call.requestId));
  const traces = strangers.filter((id) => refused.has(id));
  const unsent = strangers.filter((id) => !refused.has(id));
  return [
    ...fault('request_lost', 'answered, and not in the log', lost),
    ...fault('answer_differs', 'the log holds other ads than the viewer was given', differs),
    ...fault('answer_unreadable', 'a 200 without an answer in viewers.jsonl', wordless),
    ...fault('trace_of_refused', 'refused with a 4xx, and in the log all the same', traces),
    ...(unsent.length > nameless ? fault('request_unsent', 'in the log, and no viewer sent it', unsent) : []),
  ];
}

/** Repetitions of a request_id: the same answer for the viewer, the same bytes in the log. */
function checkRepeats(calls: readonly CallFact[], run: Pick<Run, 'log'>): Fault[] {
  const answered = calls.filter((call) => call.answer !== null && isAnswered(call));
  const apart = decidedApart(run.log.requests);
  const torn: string[] = [];
  for (const [id, group] of groupBy(answered, (call) => call.answer?.request_id ?? '')) {
    if (apart.has(id)) continue;
    if (new Set(group.map(({ answer }) => (answer ? sawText(answer) : ''))).size > 1) torn.push(id);
  }
  const relogged: string[] = [];
  for (const [id, group] of groupBy(run.log.requests, (record) => record.value.request_id)) {
    if (apart.has(id)) continue;
    if (new Set(group.map((record) => `${record.value.arrival_id}\n${loggedText(record.value)}`)).size > 1)
      relogged.push(id);
  }
  return [
    ...fault('retry_differs', 'two answers to one request_id are not the same', torn),
    ...fault('decided_twice', 'one request_id has two decisions in the log', relogged),
  ];
}

function checkBeacons(calls: readonly CallFact[], run: Pick<Run, 'log' | 'calls'>): Fault[] {
  const logged = new Map<string, Set<string>>();
  const unheard = new Set(run.calls.filter(isInDoubt).map((call) => call.requestId));
  const bidFor = new Set(run.calls.filter(({ answer }) => answer?.ads.length).map((call) => call.requestId));
  const takenBack = new Set<string>();
  for (const { value } of run.log.beacons) {
    // What was decided too late for an exchange is given back by the API itself, whether or not the exchange heard so.
    if (value.cachebuster === null && value.event === 'notUsed' && unheard.has(value.request_id)) {
      if (bidFor.has(value.request_id)) takenBack.add(value.reservation);
      continue;
    }
    const facts = logged.get(value.cachebuster ?? '') ?? new Set();
    logged.set(value.cachebuster ?? '', facts.add(`${value.event} ${value.reservation}`));
  }
  const genuine = calls.filter((call) => call.intent !== 'forged' && call.intent !== 'malformed');
  const lost: string[] = [];
  const differs: string[] = [];
  for (const call of genuine) {
    if (!isAnswered(call) || call.cb === null) continue;
    const facts = logged.get(call.cb);
    if (!facts) lost.push(call.cb);
    else if (call.event !== null && call.adId !== null && !facts.has(`${call.event} ${call.adId}`))
      differs.push(call.cb);
  }
  const sent = new Set(genuine.filter((call) => isAnswered(call) || isInDoubt(call)).map((call) => call.cb ?? ''));
  const strangers = [...logged.keys()].filter((cb) => !sent.has(cb));
  const forged = new Set(
    calls.filter((call) => call.intent === 'forged' || call.intent === 'malformed').map((call) => call.cb),
  );
  return [
    ...fault('beacon_lost', 'acknowledged, and not in the log', lost),
    ...fault('bid_taken_back', 'given back as too late, and told to the exchange all the same', [...takenBack]),
    ...fault('beacon_differs', 'the log holds another event or ad than the viewer reported', differs),
    ...fault(
      'forged_accepted',
      'forged or malformed, and in the log all the same',
      strangers.filter((cb) => forged.has(cb)),
    ),
    ...fault(
      'beacon_unsent',
      'in the log, and no viewer sent it',
      strangers.filter((cb) => !forged.has(cb)),
    ),
  ];
}
