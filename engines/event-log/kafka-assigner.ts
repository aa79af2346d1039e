import kafkajs, { type Assigner, type Cluster, type GroupMember } from 'kafkajs';
import type { TopicPartition } from './event-log.ts';

const { AssignerProtocol } = kafkajs;

export interface AssignerOptions {
  /** Epoch ms at which this member joined first: of an uneven share seniors get more. */
  readonly joinedAt: number;
  /** What this member holds, by the broker's names of topics. */
  held(): readonly TopicPartition[];
  /** Called before each attempt to join; throws to put it off. */
  beforeJoining(): void;
}

/** One member as the leader sees it. */
export interface Candidate {
  readonly memberId: string;
  readonly joinedAt: number;
  readonly topics: readonly string[];
  readonly held: readonly TopicPartition[];
}

interface UserData {
  readonly joinedAt: number;
  readonly held: readonly TopicPartition[];
}

const NAME = 'breakwater-sticky';
const VERSION = 1;

/** Everybody keeps what they hold as far as shares stay even, so that a rebalance stops few partitions. */
export function stickyAssigner({
  joinedAt,
  held,
  beforeJoining,
}: AssignerOptions): (config: { cluster: Cluster }) => Assigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol({ topics }) {
      beforeJoining();
      const userData = Buffer.from(JSON.stringify({ joinedAt, held: held() } satisfies UserData));
      return { name: NAME, metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData }) };
    },
    async assign({ members }) {
      const candidates = members.map(candidateOf);
      // In a rolling upgrade another release may read topics that the leader does not.
      const topics = [...new Set(candidates.flatMap((candidate) => candidate.topics))].sort();
      await cluster.addMultipleTargetTopics(topics);
      const places = topics.flatMap((topic) =>
        cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ topic, partition: partitionId })),
      );
      return [...share(candidates, places)].map(([memberId, own]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment: byTopic(own),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

/** Who gets which places: what is held stays, the rest goes to whoever has least, then the fullest give to the emptiest. */
export function share(
  candidates: readonly Candidate[],
  places: readonly TopicPartition[],
): ReadonlyMap<string, readonly TopicPartition[]> {
  const seniors = [...candidates].sort((a, b) => a.joinedAt - b.joinedAt || (a.memberId < b.memberId ? -1 : 1));
  const shares = new Map<string, TopicPartition[]>(seniors.map(({ memberId }) => [memberId, []]));
  const shareOf = ({ memberId }: Candidate) => shares.get(memberId) ?? [];
  const readers = (topic: string) => seniors.filter(({ topics }) => topics.includes(topic));
  const emptiest = (topic: string) =>
    readers(topic).reduce<Candidate | undefined>(
      (least, one) => (least && shareOf(least).length <= shareOf(one).length ? least : one),
      undefined,
    );
  const sorted = [...places].sort((a, b) => a.partition - b.partition || (a.topic < b.topic ? -1 : 1));
  const left: TopicPartition[] = [];
  for (const place of sorted) {
    const holder = readers(place.topic).find(({ held }) => held.some((one) => samePlace(one, place)));
    if (holder) shareOf(holder).push(place);
    else left.push(place);
  }
  for (const place of left) {
    const to = emptiest(place.topic);
    if (to) shareOf(to).push(place);
  }
  for (let moves = sorted.length; moves > 0; moves--) {
    const fullestFirst = seniors.toReversed().sort((a, b) => shareOf(b).length - shareOf(a).length);
    const moved = fullestFirst.some((from) => give(shareOf(from), emptiest, shareOf));
    if (!moved) break;
  }
  return shares;
}

/** Moves one place to someone who has at least two less; false where nobody has. */
function give(
  own: TopicPartition[],
  emptiest: (topic: string) => Candidate | undefined,
  shareOf: (candidate: Candidate) => TopicPartition[],
): boolean {
  for (const place of own.toReversed()) {
    const to = emptiest(place.topic);
    if (!to || shareOf(to).length + 2 > own.length) continue;
    own.splice(own.indexOf(place), 1);
    shareOf(to).push(place);
    return true;
  }
  return false;
}

function candidateOf({ memberId, memberMetadata }: GroupMember): Candidate {
  const decoded = AssignerProtocol.MemberMetadata.decode(memberMetadata);
  const told = decoded ? (JSON.parse(decoded.userData.toString() || '{}') as Partial<UserData>) : {};
  return { memberId, joinedAt: told.joinedAt ?? 0, topics: decoded?.topics ?? [], held: told.held ?? [] };
}

function samePlace(a: TopicPartition, b: TopicPartition): boolean {
  return a.topic === b.topic && a.partition === b.partition;
}

function byTopic(places: readonly TopicPartition[]): Record<string, number[]> {
  const topics: Record<string, number[]> = {};
  for (const { topic, partition } of places) topics[topic] = [...(topics[topic] ?? []), partition];
  return topics;
}
