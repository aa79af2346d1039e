import { randomUUID } from 'node:crypto';
import type { CallFact } from '../audit/calls.ts';
import type { Run } from '../audit/facts.ts';
import type { RunCopy } from './copy.ts';
import { need } from './find.ts';
import type { Plant } from './plants.ts';

function anAnswerByVast({ calls }: Run): CallFact {
  return need(
    calls.find(({ answer, dialect }) => dialect === 'vast' && (answer?.ads.length ?? 0) > 0),
    'answer by VAST with ads',
  );
}

/** Puts another text for one in the documents that a call was answered with. */
function editDocument(copy: RunCopy, { seq }: CallFact, from: string, to: string): void {
  copy.editViewers((line) => {
    if (line.seq !== seq) return [line];
    return [{ ...line, answer: String(line.answer).replaceAll(from, to) as never }];
  });
}

/** What goes wrong between a decision and the words in which it is told. */
export const dialectPlants: readonly Plant[] = [
  {
    what: 'answer a request otherwise than it was logged',
    expects: 'answer_differs',
    async plant(copy, run) {
      const call = need(
        run.calls.find(({ answer, dialect }) => dialect === 'json' && (answer?.ads.length ?? 0) > 0),
        'answer with ads',
      );
      copy.editViewers((line) => {
        if (line.seq !== call.seq || !line.answer?.pod) return [line];
        const [first, ...others] = line.answer.pod.ads;
        return [
          {
            ...line,
            answer: {
              ...line.answer,
              pod: { ...line.answer.pod, ads: [{ ...first, creative_id: randomUUID() }, ...others] },
            },
          },
        ];
      });
    },
  },
  {
    what: 'tell of another creative by VAST than was decided',
    expects: 'answer_differs',
    async plant(copy, run) {
      const call = anAnswerByVast(run);
      editDocument(copy, call, need(call.answer?.ads[0], 'ad').creative_id, randomUUID());
    },
  },
  {
    what: 'answer by VAST with half a document',
    expects: 'answer_unreadable',
    async plant(copy, run) {
      editDocument(copy, anAnswerByVast(run), '</VAST>', '');
    },
  },
  {
    what: 'log a request by VAST as one by JSON',
    expects: 'dialect_differs',
    async plant(copy, run) {
      const id = anAnswerByVast(run).answer?.request_id;
      const record = need(
        run.log.requests.find(({ value }) => value.request_id === id),
        'its record',
      );
      await copy.setRecord(record, 'ad-request', { ...record.value, dialect: 'json' });
    },
  },
  {
    what: "put one ad's tracker into another's place",
    expects: 'token_differs',
    async plant(copy, run) {
      const urls = run.calls.flatMap(
        ({ answer }) => answer?.ads.map(({ tracking }) => tracking.impression ?? '') ?? [],
      );
      const other = need(urls.at(-1), 'tracker of another ad');
      let done = false;
      copy.editViewers((line) => {
        const [ad, ...ads] = line.answer?.pod?.ads ?? [];
        if (done || !ad || !line.answer) return [line];
        done = true;
        const tracking = { ...(ad.tracking as object), start: other };
        return [
          { ...line, answer: { ...line.answer, pod: { ...line.answer.pod, ads: [{ ...ad, tracking }, ...ads] } } },
        ];
      });
    },
  },
];
