import type { TopicSpec } from './event-log.ts';

/** A topic as it is. */
export interface FoundTopic {
  /** As callers name it, and as the log does, which may put a prefix before it. */
  readonly name: string;
  readonly fullName: string;
  readonly partitions: number;
  readonly retentionMs: number;
  /** What Kafka alone has; null on the embedded log. */
  readonly kafka: {
    /** Copies of the partition that has the fewest. */
    readonly replication: number;
    /** Partitions with a copy that is not in sync. */
    readonly behind: number;
    /** By the broker's names. */
    readonly settings: Readonly<Record<string, string>>;
  } | null;
}

/** One thing that is not as it is to be, and how to mend it. */
export interface TopicDifference {
  readonly topic: string;
  readonly what: string;
  readonly mend: string;
}

/** Every time is the broker's, and compaction never runs: a consumer may hang on an empty compacted batch. */
export function kafkaSettings(retentionMs: number): Record<string, string> {
  return {
    'cleanup.policy': 'delete',
    'message.timestamp.type': 'LogAppendTime',
    'retention.ms': String(retentionMs),
  };
}

/** Compares what is configured with what is there. `replication` null: any number of copies will do. */
export function compareTopics(
  specs: readonly TopicSpec[],
  found: readonly FoundTopic[],
  replication: number | null,
): readonly TopicDifference[] {
  const differences = specs.flatMap((spec) => {
    const topic = found.find(({ name }) => name === spec.name);
    if (!topic) return [{ topic: spec.name, what: 'is missing', mend: 'breakwater topics create' }];
    return [...partitionDifferences(spec, topic), ...settingDifferences(spec, topic, replication)];
  });
  return [...differences, ...unevenness(found)];
}

function partitionDifferences(spec: TopicSpec, { name, partitions }: FoundTopic): TopicDifference[] {
  if (partitions === spec.partitions) return [];
  const what = `has ${partitions} partitions, PARTITIONS is ${spec.partitions}`;
  const mend =
    partitions < spec.partitions
      ? `breakwater topics grow ${spec.partitions}`
      : `set PARTITIONS=${partitions} (partitions cannot be taken away)`;
  return [{ topic: name, what, mend }];
}

function settingDifferences(spec: TopicSpec, topic: FoundTopic, replication: number | null): TopicDifference[] {
  const { name, fullName, kafka } = topic;
  if (kafka === null) {
    if (topic.retentionMs === spec.retentionMs) return [];
    const what = `keeps records for ${topic.retentionMs} ms, not ${spec.retentionMs}`;
    return [{ topic: name, what, mend: 'run the release that made this DATA_DIR, or begin with a new one' }];
  }
  const alter = `kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name ${fullName}`;
  const wrong = Object.entries(kafkaSettings(spec.retentionMs)).flatMap(([key, wanted]) => {
    const is = kafka.settings[key];
    const mend = `${alter} --add-config ${key}=${wanted}`;
    return is === wanted ? [] : [{ topic: name, what: `has ${key}=${is}, not ${wanted}`, mend }];
  });
  if (replication !== null && kafka.replication < replication) {
    const what = `has ${kafka.replication} copies of a partition, REPLICATION is ${replication}`;
    wrong.push({ topic: name, what, mend: 'kafka-reassign-partitions.sh with more replicas for each partition' });
  }
  if (kafka.behind > 0) {
    const what = `has ${kafka.behind} partitions with a copy that is not in sync`;
    wrong.push({ topic: name, what, mend: 'bring the broker back that is away, and wait' });
  }
  return wrong;
}

/** A place that a store forgot is found again by the partition of its request, so both topics are spread alike. */
function unevenness(found: readonly FoundTopic[]): TopicDifference[] {
  const countOf = (wanted: string) => found.find(({ name }) => name === wanted)?.partitions;
  const [requests, beacons] = [countOf('ad-requests'), countOf('ad-beacons')];
  if (requests === undefined || beacons === undefined || requests === beacons) return [];
  const what = `has ${requests} partitions, ad-beacons has ${beacons}: only the first ${Math.min(requests, beacons)} are used`;
  return [{ topic: 'ad-requests', what, mend: `breakwater topics grow ${Math.max(requests, beacons)}` }];
}
