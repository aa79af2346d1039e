import { expect, it } from 'vitest';
import { apiClient } from './api-client.ts';

it.each(['http://bw:hunter2@management:8080', 'http://bw:hunter2'])(
  'a URL of the management API with a password or without a host is refused, and not repeated: %s',
  (url) => {
    const open = () => apiClient({ url, key: 'k' });
    expect(open).toThrow('expected http://host:port, without user or password');
    expect(open).not.toThrow(/hunter2/);
  },
);
