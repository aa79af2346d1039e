interface Asked<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Questions that are asked in one turn of the event loop go together. `run` answers in their order, at most `most` at once; an answer
 * that is an Error is that of one question, and where `run` rejects it is that of all.
 */
export function inOneTurn<Q, A>(
  most: number,
  run: (questions: readonly Q[]) => Promise<readonly (A | Error)[]>,
): (question: Q) => Promise<A> {
  let waiting: Asked<Q, A>[] = [];
  const flush = () => {
    const asked = waiting;
    waiting = [];
    for (let at = 0; at < asked.length; at += most) void answer(asked.slice(at, at + most));
  };
  const answer = async (asked: readonly Asked<Q, A>[]) => {
    try {
      const answers = await run(asked.map(({ question }) => question));
      for (const [at, { resolve, reject }] of asked.entries()) {
        const one = answers[at];
        if (one instanceof Error || one === undefined) reject(one ?? new Error('a question was left without answer'));
        else resolve(one);
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  };
  return (question) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ question, resolve, reject });
    });
}
