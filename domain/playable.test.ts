import { expect, test } from 'vitest';
import { type FileFacts, unplayable } from './playable.ts';

const video = {
  codec: 'AVC',
  profile: 'High',
  width: 1920,
  height: 1080,
  framesPerSecond: 59.94,
  bitDepth: 8,
  chroma: '4:2:0',
  encrypted: false,
};
const usual: FileFacts = {
  container: 'MPEG-4',
  bytes: 30_000_000,
  truncated: false,
  durationMs: 30_030,
  bitrateKbps: 8_000,
  video,
  audio: ['AAC'],
};

test('a usual spot is played; so is a silent one, HEVC of ten bits, and one on its side', () => {
  for (const facts of [
    usual,
    { ...usual, audio: [] },
    { ...usual, video: { ...video, codec: 'HEVC', bitDepth: 10, width: 3840, height: 2160 } },
    { ...usual, video: { ...video, width: 1080, height: 1920 } },
  ]) {
    expect(unplayable(facts)).toEqual([]);
  }
});

test.each<[Partial<FileFacts>, RegExp]>([
  [{ container: null }, /no media file/],
  [{ container: 'WebM' }, /WebM: an MP4/],
  [{ video: null }, /no picture/],
  [{ truncated: true }, /cut short/],
  [{ video: { ...video, encrypted: true } }, /encrypted/],
  [{ video: { ...video, codec: 'VP9' } }, /VP9 video/],
  [{ video: { ...video, codec: null } }, /unknown video/],
  [{ video: { ...video, chroma: '4:4:4' } }, /4:4:4/],
  [{ video: { ...video, bitDepth: 10 } }, /10 bits/],
  [{ video: { ...video, width: 7680, height: 4320 } }, /7680x4320/],
  [{ video: { ...video, width: null } }, /how large/],
  [{ video: { ...video, framesPerSecond: 120 } }, /120 frames/],
  [{ durationMs: 400 }, /0.4 s/],
  [{ durationMs: 121_000 }, /121 s/],
  [{ durationMs: null }, /lasts 0 s/],
  [{ bitrateKbps: 90_000 }, /90000 kbit/],
  [{ audio: ['AAC', 'Opus'] }, /Opus sound/],
])('%j is refused with its reason', (fields, reason) => {
  const reasons = unplayable({ ...usual, ...fields });
  expect(reasons.join()).toMatch(reason);
  expect(reasons).toHaveLength(1);
});
