/** A certificate authority, a server on this machine and a client, made with openssl as Docker's documentation shows it. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Writes ca.pem, server-cert.pem, server-key.pem, and the client's cert.pem and key.pem. */
export async function makeCertificates(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: folder });
  await openssl('req', '-x509', ...KEY, '-keyout', 'ca-key.pem', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Weft tests');
  const issue = async (name: string, extensions: string): Promise<void> => {
    await writeFile(join(folder, `${name}.ext`), extensions);
    await openssl('req', ...KEY, '-keyout', `${name}-key.pem`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`];
    await openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}-cert.pem`, ...by);
  };
  await issue('server', 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n');
  await issue('client', 'extendedKeyUsage=clientAuth\n');
  await copyFile(join(folder, 'client-cert.pem'), join(folder, 'cert.pem'));
  await copyFile(join(folder, 'client-key.pem'), join(folder, 'key.pem'));
}
