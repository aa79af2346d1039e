import avro from 'avsc';

/** A UUID as text outside, 16 bytes inside. */
export class UuidType extends avro.types.LogicalType {
  protected override _fromValue(bytes: Buffer): string {
    return bytesToUuid(bytes);
  }

  protected override _toValue(text: string): Buffer | undefined {
    return uuidToBytes(text);
  }

  /** A writer's logical value arrives as text already, a plain fixed as bytes. */
  protected override _resolve(writer: avro.Type): ((value: string & Buffer) => string) | undefined {
    if (avro.Type.isType(writer, 'logical:uuid')) return (text) => text;
    return avro.Type.isType(writer, 'fixed') ? bytesToUuid : undefined;
  }
}

export function bytesToUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

function uuidToBytes(text: string): Buffer | undefined {
  return isUuid(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : undefined;
}
