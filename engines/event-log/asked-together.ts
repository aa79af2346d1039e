interface Round<A> {
  readonly answer: Promise<A>;
  /** For whoever asks while this one is under way: it may have begun before what they have to see. */
  next: Promise<A> | null;
}

/**
 * One question under way for each name, and one waiting for everybody who asked meanwhile: an answer is never older than its
 * question, however many ask at once.
 */
export function askedTogether<A>(ask: (name: string) => Promise<A>): (name: string) => Promise<A> {
  const rounds = new Map<string, Round<A>>();
  const begin = (name: string): Promise<A> => {
    const round: Round<A> = { answer: ask(name), next: null };
    rounds.set(name, round);
    const over = () => {
      if (rounds.get(name) === round) rounds.delete(name);
    };
    round.answer.then(over, over);
    return round.answer;
  };
  return (name) => {
    const round = rounds.get(name);
    if (round === undefined) return begin(name);
    const again = () => begin(name);
    round.next ??= round.answer.then(again, again);
    return round.next;
  };
}
