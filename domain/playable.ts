/** What a file is, as an inspection found it. Null: it does not say. */
export interface FileFacts {
  /** MediaInfo's name of the container: MPEG-4, WebM. */
  readonly container: string | null;
  readonly bytes: number;
  /** The file ends before it says it does. */
  readonly truncated: boolean;
  readonly durationMs: number | null;
  readonly bitrateKbps: number | null;
  readonly video: {
    readonly codec: string | null;
    readonly profile: string | null;
    readonly width: number | null;
    readonly height: number | null;
    readonly framesPerSecond: number | null;
    readonly bitDepth: number | null;
    readonly chroma: string | null;
    readonly encrypted: boolean;
  } | null;
  /** Codecs of its sound; empty: silent. */
  readonly audio: readonly (string | null)[];
}

/** What televisions of the last ten years play without asking. */
const lawful = {
  video: ['AVC', 'HEVC'],
  audio: ['AAC', 'AC-3', 'E-AC-3', 'MPEG Audio'],
  bitDepth: { AVC: 8, HEVC: 10 } as Readonly<Record<string, number>>,
  longSide: 3_840,
  shortSide: 2_160,
  framesPerSecond: 60,
  seconds: { least: 1, most: 120 },
  bitrateKbps: 80_000,
} as const;

/** Why a television cannot play it, in words; empty: it can. */
export function unplayable(facts: FileFacts): readonly string[] {
  const { container, video, audio } = facts;
  if (container !== 'MPEG-4') return [`is ${container ?? 'no media file'}: an MP4 is needed`];
  if (video === null) return ['has no picture'];
  const wrong: string[] = [];
  const say = (condition: boolean, text: string) => void (condition && wrong.push(text));
  say(facts.truncated, 'ends before its time: the upload was cut short');
  say(video.encrypted, 'is encrypted');
  const codec = video.codec ?? 'unknown';
  const known = lawful.video.some((each) => each === codec);
  say(!known, `has ${codec} video: AVC (H.264) or HEVC (H.265) is needed`);
  say(video.chroma !== null && video.chroma !== '4:2:0', `has ${video.chroma} chroma: 4:2:0 is needed`);
  const depth = lawful.bitDepth[codec] ?? 8;
  say(known && (video.bitDepth ?? 8) > depth, `has ${video.bitDepth} bits a colour: at most ${depth} for ${codec}`);
  const [width, height] = [video.width ?? 0, video.height ?? 0];
  say(width < 1 || height < 1, 'does not say how large its picture is');
  const large = Math.max(width, height) > lawful.longSide || Math.min(width, height) > lawful.shortSide;
  say(large, `is ${width}x${height}: at most ${lawful.longSide}x${lawful.shortSide}`);
  // 59.94 and the like are told as 60 at most.
  const frames = video.framesPerSecond ?? 0;
  say(frames > lawful.framesPerSecond + 0.5, `has ${frames} frames a second: at most ${lawful.framesPerSecond}`);
  const seconds = facts.durationMs === null ? 0 : Math.round(facts.durationMs / 1_000);
  const { least, most } = lawful.seconds;
  say(
    seconds < least || seconds > most,
    `lasts ${(facts.durationMs ?? 0) / 1_000} s: ${least} to ${most} s are needed`,
  );
  const rate = facts.bitrateKbps ?? 0;
  say(rate > lawful.bitrateKbps, `has ${rate} kbit/s: at most ${lawful.bitrateKbps}`);
  for (const each of audio) {
    say(
      !lawful.audio.some((name) => name === each),
      `has ${each ?? 'unknown'} sound: AAC, AC-3, E-AC-3 or MP3 is needed`,
    );
  }
  return wrong;
}
