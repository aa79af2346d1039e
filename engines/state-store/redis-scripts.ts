import { createHash } from 'node:crypto';
import { BROOM_MS } from './keys.ts';

/** A script with the digest by which Redis knows it. */
export interface RedisScript {
  readonly text: string;
  readonly digest: string;
}

/** A key of one server that says which life of its data this is; see WHICH. */
export const LIFE_KEY = 'c:life';

/**
 * Every script begins by asking which store this is: the replication id, which changes at a restart and a promotion.
 * A replica answers nothing: what it holds may be old.
 */
const WHO = `
local info = redis.call('INFO', 'replication')
if not string.find(info, 'role:master', 1, true) then return redis.error_reply('READONLY not a master') end
local store = string.match(info, 'master_replid:(%w+)')
`;

/**
 * A server that was emptied (FLUSHALL) keeps its replication id, so it holds a name of its own beside it: whoever finds
 * none gives it a new one, and from then on it is another store.
 */
const WHICH = `
local life = redis.call('GET', '${LIFE_KEY}')
if not life then
  local time = redis.call('TIME')
  life = string.format('%d%06d', time[1], time[2])
  redis.call('SET', '${LIFE_KEY}', life, 'PX', ${BROOM_MS})
end
store = store .. '-' .. life
`;

/**
 * A cluster's scripts cannot reach such a key, whose slot may be another server's. But each server counts how often it was told
 * to empty itself, since it started or since CONFIG RESETSTAT, which makes it another store too.
 */
const WHICH_OF_CLUSTER = `
local emptied = 0
for calls in string.gmatch(redis.call('INFO', 'commandstats'), 'cmdstat_flush%a+:calls=(%d+)') do
  emptied = emptied + tonumber(calls)
end
store = store .. '-' .. emptied
`;

function script(body: string, cluster: boolean): RedisScript {
  const text = WHO + (cluster ? WHICH_OF_CLUSTER : WHICH) + body;
  return { text, digest: createHash('sha1').update(text).digest('hex') };
}

/** The scripts for one server, or for each node of a cluster. */
export function redisScripts(cluster: boolean) {
  return {
    read: script(READ, cluster),
    swap: script(SWAP, cluster),
    claim: script(CLAIM, cluster),
    store: script(cluster ? 'return {store}' : STORE, cluster),
  };
}

/** No keys. Answers the store, and keeps its name from expiring; a server of a cluster has none that could. */
const STORE = `
if redis.call('PTTL', '${LIFE_KEY}') < ${BROOM_MS / 2} then redis.call('PEXPIRE', '${LIFE_KEY}', ${BROOM_MS}) end
return {store}
`;

/** KEYS: all of one slot. Answers the store, then a value (8 bytes version, the bytes) or nothing for each. */
const READ = `
local values = redis.call('MGET', unpack(KEYS))
table.insert(values, 1, store)
return values
`;

/**
 * KEYS: the keys of swaps that have nothing to do with each other. ARGV, for each: the version and store that the caller saw, the
 * bytes, the life in ms. Answers the store, then for each 1 and the new version, or 0 and the value that is there, or 2 and what
 * went wrong. A version is the time in microseconds or, where that is not more, the old one and one: it cannot come back, also
 * after the key has expired.
 */
const SWAP = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answers = {store}
for at = 1, #KEYS do
  local value = redis.pcall('GET', KEYS[at])
  local taken = 0
  local version = 0
  if type(value) == 'table' then
    taken = 2
    value = value.err
  elseif value and #value < 8 then
    taken = 2
    value = 'ERR not a record'
  elseif value then
    version = struct.unpack('>I8', value)
  end
  if taken == 0 and ARGV[4 * at - 2] == store and version == tonumber(ARGV[4 * at - 3]) then
    version = math.max(version + 1, now)
    local set = redis.pcall('SET', KEYS[at], struct.pack('>I8', version) .. ARGV[4 * at - 1], 'PX', ARGV[4 * at])
    if set.err then
      taken = 2
      value = set.err
    else
      taken = 1
      value = string.format('%.0f', version)
    end
  end
  answers[2 * at] = taken
  answers[2 * at + 1] = value
end
return answers
`;

/**
 * KEYS: the bucket. ARGV: the life in ms, how many stores are accepted (0: all are), these, then id, offset, id, offset, ...
 * Answers the store, then the offsets that hold; the store alone where it is not accepted.
 */
const CLAIM = `
local stores = tonumber(ARGV[2])
local accepted = stores == 0
for at = 3, 2 + stores do accepted = accepted or ARGV[at] == store end
if not accepted then return {store} end
local held = {store}
for at = 3 + stores, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[1], ARGV[at], ARGV[at + 1]) == 1 then
    held[#held + 1] = ARGV[at + 1]
  else
    held[#held + 1] = redis.call('HGET', KEYS[1], ARGV[at])
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return held
`;
