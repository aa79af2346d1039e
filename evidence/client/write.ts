import { writeFileSync } from 'node:fs';
import { clientTypes, type Document } from '../../management-api/client-types.ts';
import { describeManagement } from '../../management-api/describe.ts';

/** `npm run client`: writes the client's types anew from the OpenAPI document. */
const text = clientTypes((await describeManagement()) as Document);
writeFileSync(new URL('../../client/operations.ts', import.meta.url), text);
process.exit();
