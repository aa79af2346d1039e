/** What a caller may do. A key has scopes; a user has the scopes of the role. */
export const scopes = [
  'campaigns:read',
  'campaigns:write',
  'reports:read',
  'reports:write',
  'viewers:read',
  'viewers:erase',
  'keys:manage',
  'users:manage',
  'audit:read',
  'ads:request',
  'conversions:write',
] as const;

export type Scope = (typeof scopes)[number];

export const roles = ['admin', 'manager', 'analyst', 'operator', 'player'] as const;

export type Role = (typeof roles)[number];

const reading: readonly Scope[] = ['campaigns:read', 'reports:read'];

export const scopesOf: Readonly<Record<Role, readonly Scope[]>> = {
  admin: scopes,
  manager: [...reading, 'campaigns:write', 'reports:write', 'ads:request', 'conversions:write'],
  analyst: [...reading, 'reports:write'],
  operator: [...reading, 'audit:read', 'viewers:read', 'viewers:erase', 'ads:request'],
  player: ['ads:request'],
};
