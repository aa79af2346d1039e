import Type, { type Static } from 'typebox';

const text = (maxLength = 1_024) => Type.Optional(Type.String({ maxLength }));
const number = () => Type.Optional(Type.Number({ minimum: 0, maximum: 1e12 }));
const whole = (minimum: number, maximum: number) => Type.Optional(Type.Integer({ minimum, maximum }));
const flag = () => Type.Optional(Type.Union([Type.Literal(0), Type.Literal(1)]));
const list = <T extends Parameters<typeof Type.Array>[0]>(of: T, maxItems = 1_000) =>
  Type.Optional(Type.Array(of, { maxItems }));
/** What exchanges write for "much" and for "unsaid" is read, and brought within bounds where it is used. */
const amount = () => whole(0, 1e12);

const video = Type.Object({
  mimes: list(Type.String({ maxLength: 128 }), 50),
  minduration: amount(),
  maxduration: amount(),
  protocols: list(Type.Integer(), 50),
  rqddurs: list(Type.Integer({ minimum: 1, maximum: 1e12 }), 100),
  podid: Type.Optional(Type.Union([Type.String({ maxLength: 128 }), Type.Integer()])),
  podseq: whole(-1, 1),
  slotinpod: whole(-1, 2),
  poddur: whole(1, 1e12),
  maxseq: amount(),
  mincpmpersec: number(),
  durfloors: list(Type.Object({ mindur: amount(), maxdur: amount(), bidfloor: number() }), 100),
  minbitrate: amount(),
  maxbitrate: amount(),
  battr: list(Type.Integer(), 100),
  poddedupe: list(Type.Integer(), 10),
  skip: flag(),
  /** 1 linear, 2 beside the content. */
  linearity: Type.Optional(Type.Integer()),
  startdelay: whole(-2, 1_000_000_000),
});

const imp = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 128 }),
  video: Type.Optional(video),
  bidfloor: number(),
  bidfloorcur: text(3),
  exp: amount(),
  secure: flag(),
  /** 1: only those with a deal may bid. */
  pmp: Type.Optional(Type.Object({ private_auction: flag() })),
});

/** What 2.5 had in extensions and many exchanges still send there. */
const privacy = {
  us_privacy: text(16),
  gpp: text(8_192),
  gpp_sid: list(Type.Integer({ minimum: -1, maximum: 1_000 }), 50),
  gdpr: flag(),
  coppa: flag(),
};

const content = Type.Optional(
  Type.Object({ cat: list(Type.String({ maxLength: 64 })), genre: text(), contentrating: text() }),
);

/** What is read of an OpenRTB 2.6 bid request; the rest is lawful and left alone. */
export const bidRequest = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 256 }),
  imp: Type.Array(imp, { minItems: 1, maxItems: 20 }),
  app: Type.Optional(Type.Object({ content })),
  site: Type.Optional(Type.Object({ content })),
  device: Type.Optional(
    Type.Object({
      ua: text(2_048),
      ip: text(64),
      ipv6: text(64),
      ifa: text(256),
      lmt: flag(),
      dnt: flag(),
      devicetype: Type.Optional(Type.Integer()),
      make: text(256),
      os: text(256),
      geo: Type.Optional(
        Type.Object({
          country: text(64),
          region: text(64),
          city: text(256),
          metro: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Integer()])),
        }),
      ),
    }),
  ),
  user: Type.Optional(
    Type.Object({
      id: text(256),
      yob: Type.Optional(Type.Integer()),
      gender: text(16),
      consent: text(8_192),
      ext: Type.Optional(Type.Object({ consent: text(8_192) })),
    }),
  ),
  regs: Type.Optional(Type.Object({ ...privacy, ext: Type.Optional(Type.Object(privacy)) })),
  /** 1: nothing of it is paid for. */
  test: flag(),
  tmax: amount(),
  cur: list(Type.String({ maxLength: 3 }), 20),
  bcat: list(Type.String({ maxLength: 64 }), 2_000),
  acat: list(Type.String({ maxLength: 64 }), 2_000),
  cattax: whole(1, 999),
  badv: list(Type.String({ maxLength: 512 }), 10_000),
  wseat: list(Type.String({ maxLength: 128 })),
  bseat: list(Type.String({ maxLength: 128 })),
});

export type BidRequest = Static<typeof bidRequest>;
export type Imp = Static<typeof imp>;
export type Video = Static<typeof video>;

/** What is null is unsaid. */
export function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.filter((each) => each !== null).map(withoutNulls);
  const said = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(said.map(([name, each]) => [name, withoutNulls(each)]));
}
