import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EngineError } from '../../engines/errors.ts';

const run = promisify(execFile);

export const KAFKA_VERSION = '4.3.1';
const JAVA_MIN = 17;
const MAVEN_MS_MAX = 600_000;
const INSTALL = 'apt-get install -y openjdk-17-jre-headless maven';

/** The version of the installed Java. EngineError `misconfigured` with the command that brings one, where there is none or it is too old. */
export async function javaVersion(): Promise<string> {
  const { stderr } = await run('java', ['-version']).catch((cause: unknown) => {
    throw new EngineError('misconfigured', `Kafka needs Java ${JAVA_MIN} or later; on Debian: ${INSTALL}`, cause);
  });
  const version = /version "([^"]+)"/.exec(stderr)?.[1] ?? 'unknown';
  if (Number.parseInt(version, 10) < JAVA_MIN) {
    throw new EngineError(
      'misconfigured',
      `Kafka needs Java ${JAVA_MIN} or later, not ${version}; on Debian: ${INSTALL}`,
    );
  }
  return version;
}

/**
 * The folder of the broker's jars, brought by Maven once per user and version (about 45 MB).
 * EngineError `misconfigured` where Maven is missing, `unavailable` where it fails.
 */
export async function kafkaJars(cacheDir: string, onProgress: (line: string) => void): Promise<string> {
  const place = join(cacheDir, `kafka-${KAFKA_VERSION}`);
  if (existsSync(place)) return place;
  await run('mvn', ['-v']).catch((cause: unknown) => {
    throw new EngineError('misconfigured', `Kafka's jars come through Maven; on Debian: ${INSTALL}`, cause);
  });
  onProgress(`bringing Kafka ${KAFKA_VERSION} from its Maven repository to ${place}`);
  await mkdir(cacheDir, { recursive: true });
  const unfinished = await mkdtemp(join(cacheDir, 'unfinished-'));
  try {
    await writeFile(join(unfinished, 'pom.xml'), POM);
    const goal = ['-B', '-q', 'dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=libs'];
    await run('mvn', goal, { cwd: unfinished, timeout: MAVEN_MS_MAX }).catch((cause: { stdout?: string }) => {
      throw new EngineError(
        'unavailable',
        `Maven could not bring Kafka: ${cause.stdout?.slice(0, 1_000) ?? ''}`,
        cause,
      );
    });
    // Another process may have been quicker: then its folder stays.
    await rename(join(unfinished, 'libs'), place).catch((error: unknown) => {
      if (!existsSync(place)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return place;
}

/** The broker and something that writes its log lines to standard error (slf4j 1.7 is what the broker is built for). */
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>breakwater</groupId><artifactId>kafka-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;
