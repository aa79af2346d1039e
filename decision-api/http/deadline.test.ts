import { expect, test } from 'vitest';
import { VirtualClock } from '../../engines/clock.ts';
import { whileMoving, within } from './deadline.ts';

const never = new Promise<never>(() => undefined);
const codeOf = (call: Promise<unknown>) => call.then(String, ({ code }) => code);

test('what is not answered in its time is a timeout, never before it and hardly after, whenever it began', async () => {
  const clock = new VirtualClock(0);
  const ended: number[] = [];
  const begun: number[] = [];
  for (let at = 0; at < 40; at += 3) {
    await clock.advance(at);
    begun.push(at);
    void codeOf(within(clock, 500, 'a call', never)).then((code) => {
      expect(code).toBe('timeout');
      ended.push(clock.now());
    });
  }
  for (let at = clock.now(); at < 700; at++) await clock.advance(at);
  expect(ended.length).toBe(begun.length);
  for (const [index, at] of begun.entries()) {
    expect(ended[index]).toBeGreaterThan(at + 500);
    expect(ended[index]).toBeLessThanOrEqual(at + 512);
  }
});

test('calls that began together end each by itself: answered, failed or too late', async () => {
  const clock = new VirtualClock(0);
  const late = within(clock, 500, 'a late call', never);
  const told = codeOf(late);
  expect(await within(clock, 500, 'a call', Promise.resolve('answer'))).toBe('answer');
  await expect(within(clock, 500, 'a call', Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  for (const at of [10, 511, 513]) await clock.advance(at);
  expect(await told).toBe('timeout');
  await expect(late).rejects.toThrow('a late call took more than 500 ms');
});

test('an answer that was there before the timer was heard counts', async () => {
  const clock = new VirtualClock(0);
  const { promise, resolve } = Promise.withResolvers<string>();
  const told = codeOf(within(clock, 500, 'a call', promise));
  await clock.advance(10);
  await clock.advance(510);
  resolve('in time');
  await clock.advance(511);
  expect(await told).toBe('in time');
});

test('a call that tells of progress is waited for as long as it does', async () => {
  const clock = new VirtualClock(0);
  const reading = Promise.withResolvers<string>();
  let moved = () => {};
  const told = codeOf(
    whileMoving(clock, 500, 'a long call', (tell) => {
      moved = tell;
      return reading.promise;
    }),
  );
  for (let at = 0; at < 2_000; at += 10) {
    if (at % 400 === 0) moved();
    await clock.advance(at);
  }
  reading.resolve('all of it');
  expect(await told).toBe('all of it');
  const stuck = codeOf(
    whileMoving(clock, 500, 'a long call', (tell) => {
      moved = tell;
      return never;
    }),
  );
  for (let at = 2_000; at < 2_600; at += 10) await clock.advance(at);
  expect(await stuck).toBe('timeout');
  expect(moved).toThrow('a long call took more than 500 ms');
  const failing = Promise.withResolvers<string>();
  const failed = whileMoving(clock, 500, 'a long call', (tell) => {
    tell();
    return failing.promise;
  });
  failing.reject(new Error('failed'));
  await expect(failed).rejects.toThrow('failed');
});
