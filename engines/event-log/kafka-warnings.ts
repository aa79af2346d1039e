type EmitWarning = typeof process.emitWarning;

const silenced = new WeakSet<EmitWarning>();

/**
 * kafkajs 2.2.4 plans its look at an empty queue of requests for a moment that has passed; Node waits 1 ms instead, which
 * is what is meant, and warns on standard error. That one warning of that one library is not passed on; every other is.
 */
export function silenceKafkaTimers(): void {
  const emit = process.emitWarning;
  if (silenced.has(emit)) return;
  const filtered = ((...given: Parameters<EmitWarning>) => {
    const [warning, kind] = given;
    const name = typeof warning === 'string' ? kind : warning.name;
    if ((name as unknown) === 'TimeoutNegativeWarning' && isKafkas(new Error().stack)) return;
    emit.apply(process, given);
  }) as EmitWarning;
  silenced.add(filtered);
  process.emitWarning = filtered;
}

function isKafkas(stack: string | undefined): boolean {
  return stack?.includes('/kafkajs/src/network/requestQueue/') ?? false;
}
