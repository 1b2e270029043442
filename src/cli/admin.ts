import { AdminClient } from '../gateway/admin/client.ts';
import { gatewayAddress } from './gateway-address.ts';
import type { Remote } from './options.ts';

/** The admin API of the platform that the options, the environment or the data folder name. */
export async function adminClient(remote: Remote): Promise<AdminClient> {
  return new AdminClient(await gatewayAddress(remote));
}
